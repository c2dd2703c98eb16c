// An independent protected resource over TLS on loopback: oauth4webapi judges each request by RFC 6750, RFC 9068 and RFC 9449.
// Configuration on stdin as one JSON line: {port, key, cert, issuer, audience, nonce?}; prints `READY` when it listens.
// The CA comes by NODE_EXTRA_CA_CERTS. With `nonce` a proof has to bring the nonce of this server (RFC 9449 §9).
import https from 'node:https'
import { once } from 'node:events'
import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'

const [line] = await once(process.stdin.setEncoding('utf8'), 'data')
const { port, key, cert, issuer, audience, nonce } = JSON.parse(line)
const origin = `https://localhost:${port}`
const server = new URL(issuer)
const as = await oauth.processDiscoveryResponse(server, await oauth.discoveryRequest(server, { algorithm: 'oidc' }))

/** Why the request is not taken; undefined: it is. */
async function judge(request) {
  await oauth.validateJwtAccessToken(as, request, audience)
  const proof = request.headers.get('dpop')
  if (nonce && proof && decodeJwt(proof).nonce !== nonce) return 'use_dpop_nonce'
}

https
  .createServer({ key, cert }, async (incoming, answer) => {
    const request = new Request(`${origin}${incoming.url}`, { method: incoming.method, headers: incoming.headers })
    try {
      const error = await judge(request)
      if (error) {
        answer.writeHead(401, { 'www-authenticate': `DPoP error="${error}"`, 'dpop-nonce': nonce })
        return answer.end()
      }
      answer.writeHead(200, { 'content-type': 'application/json' })
      answer.end(JSON.stringify({ scheme: request.headers.get('authorization').split(' ')[0] }))
    } catch (error) {
      answer.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"', 'content-type': 'text/plain' })
      answer.end(`${error.message} ${error.cause?.message ?? ''}`)
    }
  })
  .listen(port, '127.0.0.1', () => console.log('READY'))
