/** Something that had to come did not, or what must not be was: what comes after it makes no sense. */
export class StoryBroken extends Error {}
