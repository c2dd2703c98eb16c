// An independent authorization server over TLS on loopback. Configuration on stdin as one JSON line:
// {port, key, cert, clients: [{client_id, client_secret, ...}]}; prints `READY <issuer>` when it listens.
import https from 'node:https'
import { once } from 'node:events'
import Provider from 'oidc-provider'

const [line] = await once(process.stdin.setEncoding('utf8'), 'data')
const { port, key, cert, clients, lifetime = 300 } = JSON.parse(line)
const issuer = `https://localhost:${port}`

const provider = new Provider(issuer, {
  clients: clients.map((client) => ({
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    ...client,
  })),
  clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
  scopes: ['payments:read', 'payments:write'],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: () => true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'https://api.test',
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'payments:read payments:write',
        audience: 'https://api.test',
        accessTokenFormat: 'jwt',
        accessTokenTTL: lifetime,
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
  ttl: { ClientCredentials: lifetime },
})

const server = https.createServer({ key, cert }, provider.callback())
server.listen(port, '127.0.0.1', () => process.stdout.write(`READY ${issuer}\n`))
