import { storyTest } from '../helpers/story-test';

storyTest('lost-event');
