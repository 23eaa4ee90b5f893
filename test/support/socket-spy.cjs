// Preloaded with `node --require`, which reaches worker threads too: writes down every destination a socket is opened
// to and every name that is looked up, a line each, into the file that $SOCKET_SPY names.
const dns = require('node:dns');
const { appendFileSync } = require('node:fs');
const net = require('node:net');
const { isMainThread } = require('node:worker_threads');

const say = (what) => appendFileSync(process.env.SOCKET_SPY, `${isMainThread ? 'main' : 'thread'} ${what}\n`);

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function spied(...args) {
  // Either (port, host), (path), (options), or those as net.connect has put them into one array.
  const [first, second] = Array.isArray(args[0]) ? args[0] : args;
  const { path, port, host } = typeof first === 'object' ? first : { port: first, host: second };
  say(path == null ? `tcp ${host ?? 'localhost'}:${port}` : `unix ${path}`);
  return connect.apply(this, args);
};

for (const resolver of [dns, dns.promises]) {
  for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6', 'resolveAny']) {
    const original = resolver[name];
    resolver[name] = function spied(host, ...rest) {
      if (net.isIP(host) === 0) say(`dns ${host}`);
      return original.call(this, host, ...rest);
    };
  }
}
