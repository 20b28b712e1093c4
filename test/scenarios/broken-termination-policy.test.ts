import { storyTest } from '../helpers/story-test';

storyTest('broken-termination-policy');
