import { storyTest } from '../helpers/story-test';

storyTest('missing-metrics');
