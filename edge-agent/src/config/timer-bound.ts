/** Longest time that a timer of Node can wait, s: a longer one would end at once. */
export const TIMER_S_MAX = Math.floor((2 ** 31 - 1) / 1000);
