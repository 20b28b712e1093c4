import { storyTest } from '../helpers/story-test';

storyTest('ramp');
