// Node's TLS server on loopback: a current OpenSSL with post-quantum groups. Options of tls.createServer on stdin as one
// JSON line; prints `READY <port>` when it listens.
import tls from 'node:tls'
import { once } from 'node:events'

const [line] = await once(process.stdin.setEncoding('utf8'), 'data')
const server = tls.createServer(JSON.parse(line), (socket) => socket.on('error', () => {}).resume())
server.on('tlsClientError', () => {})
server.listen(0, '127.0.0.1', () => process.stdout.write(`READY ${server.address().port}\n`))
