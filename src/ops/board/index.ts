/** The queue browser. */
export { boardRoutes } from './board.js';
