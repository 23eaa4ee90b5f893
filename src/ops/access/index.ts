/** Access: who asks, and what they may do. */
export { Attempts } from './attempts.js';
export { cookieOf, setCookie } from './cookies.js';
export { Guard, SESSION_COOKIE, type Visitor } from './guard.js';
export { isNavigation, sourceOf } from './origin.js';
export { type Role, SESSION_LIFE } from './session.js';
