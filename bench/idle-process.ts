/** Does nothing but measure how late it gets to it. */
import { answerParent } from './loop-delay.ts';

answerParent();
