import { storyTest } from '../helpers/story-test';

storyTest('scale-in');
