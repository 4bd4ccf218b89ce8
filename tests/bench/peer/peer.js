// What people run today: a plain Socket.IO server on Node, with the events that the bench needs. It does what ours does for
// them: signatures are checked, members are told, and sealed bytes are passed on within a room.
//
//   node peer.js [KEY.pem CERT.pem]
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer as plain } from 'node:http';
import { createServer as secure } from 'node:https';
import process from 'node:process';
import { Server } from 'socket.io';

const [key, cert] = process.argv.slice(2);
const http = key
  ? secure({ key: readFileSync(key), cert: readFileSync(cert), minVersion: 'TLSv1.3' })
  : plain();
const io = new Server(http, {
  transports: ['websocket'],
  pingInterval: 10000,
  pingTimeout: 10000,
  maxHttpBufferSize: 32768,
});
const rooms = new Map();
const ORIGIN = 'https://localhost';
const bytes = (text) => Buffer.from(text, 'base64url');

/** An Ed25519 public key of 32 bytes (RFC 8037). */
const publicKey = (raw) =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw }, format: 'jwk' });

const u32 = (n) => {
  const four = Buffer.alloc(4);
  four.writeUInt32BE(n);
  return four;
};

const srv = () => {
  const known = Buffer.concat([Buffer.from([2]), Buffer.from(ORIGIN)]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(known.length);
  return Buffer.concat([length, known]);
};

/** Whether the sender of a `join` has the join key. */
const proved = (challenge, { room_id, epoch, pid, sig }, joinKey) => {
  const said = [Buffer.from('PushTalk1 join\0'), challenge, bytes(room_id), u32(epoch), bytes(pid), srv()];
  return verify(null, Buffer.concat(said), joinKey, bytes(sig));
};

io.on('connection', (socket) => {
  socket.on('hello', ({ version }, answer) => {
    socket.data.challenge = randomBytes(32);
    answer({ version, challenge: socket.data.challenge.toString('base64url') });
  });
  const enter = (id, room, { pid, member_pub }, answer) => {
    socket.data.seat = { id, pid };
    socket.to(id).emit('member joined', { member_pub });
    const members = [...room.seats.values()].map((seat) => seat.member_pub);
    room.seats.set(pid, { socket: socket.id, member_pub });
    socket.join(id);
    answer({ members, nameplate: room.nameplate });
  };
  socket.on('create', (create, answer) => {
    const joinKey = publicKey(create.join_pub);
    if (rooms.has(create.room_id) || !proved(socket.data.challenge, create, joinKey)) {
      return answer?.({ error: 'not_available' });
    }
    const room = { joinKey, nameplate: String(rooms.size), seats: new Map() };
    rooms.set(create.room_id, room);
    enter(create.room_id, room, create, answer);
  });
  socket.on('join', (join, answer) => {
    const room = rooms.get(join.room_id);
    if (!room || room.seats.has(join.pid) || !proved(socket.data.challenge, join, room.joinKey)) {
      return answer?.({ error: 'not_available' });
    }
    enter(join.room_id, room, join, answer);
  });
  socket.on('relay', ({ to, data }, answer) => {
    const seat = socket.data.seat;
    const other = seat && rooms.get(seat.id)?.seats.get(to);
    if (!other) {
      return answer?.({ error: 'not_available' });
    }
    io.to(other.socket).emit('relay', { from: seat.pid, data });
    answer?.({});
  });
  socket.on('disconnect', () => {
    const seat = socket.data.seat;
    const room = seat && rooms.get(seat.id);
    if (room) {
      room.seats.delete(seat.pid);
      socket.to(seat.id).emit('member left', { pid: seat.pid });
      if (room.seats.size === 0) {
        rooms.delete(seat.id);
      }
    }
  });
});

http.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on 127.0.0.1:${http.address().port}\n`);
});
