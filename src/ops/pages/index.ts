/** Pages: what a person sees of the daemon in a browser. */
export type { Sources } from './gather.js';
export type { LiveFeedOptions } from './live-feed.js';
export { Pages, sendPage } from './pages.js';
export { pageRoutes } from './routes.js';
export { messagePage } from './small-pages.js';
