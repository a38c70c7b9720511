// Node's `ws` as a server that sends back what it gets: it breaks off the first connection, and ends after the second.
'use strict';
const { WebSocketServer } = require('ws');

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () => console.log(server.address().port));
let heard = 0;
server.on('connection', (socket) => {
  const isFirst = heard === 0;
  socket.on('message', (message) => {
    heard += 1;
    console.log(String(message));
    if (heard === 300) socket.terminate();
    else socket.send(String(message));
  });
  socket.on('close', (code) => {
    if (isFirst) return;
    console.log(`closed ${code}`);
    server.close();
  });
});
