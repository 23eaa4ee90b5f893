/** The sql sink, its table, and the hash that phone numbers are searched by. */
export { checkSql } from './check.js';
export { placeOf } from './engine.js';
export { migrate, migrationScript } from './migrations.js';
export { phoneHash } from './phone.js';
export { SqlSink, type SqlSinkOptions } from './sink.js';
