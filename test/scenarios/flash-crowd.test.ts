import { storyTest } from '../helpers/story-test';

storyTest('flash-crowd');
