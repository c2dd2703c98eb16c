// An independent authorization server over TLS on loopback. Configuration on stdin as one JSON line:
// {port, key, cert, ca, clients, lifetime?, nonce?}; prints `READY <issuer>` when it listens.
// People are played by the server: whoever comes to log in is logged in, and everything asked for is allowed.
import https from 'node:https'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import Provider, { errors } from 'oidc-provider'
import { generateKeyPair, exportJWK } from 'jose'

const [line] = await once(process.stdin.setEncoding('utf8'), 'data')
const { port, key, cert, ca, clients, lifetime = 300, nonce = false } = JSON.parse(line)
const issuer = `https://localhost:${port}`
const SCOPE = 'payments:read payments:write'
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

async function jwk(alg) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: alg.toLowerCase() }
}

// a distinguished name in either order of its attributes
const names = (text) => text.split(/[,\n]/).map((one) => one.trim()).sort().join(',')

const provider = new Provider(issuer, {
  clients: clients.map((client) => ({
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    ...client,
  })),
  clientAuthMethods: [
    'client_secret_basic',
    'client_secret_post',
    'client_secret_jwt',
    'private_key_jwt',
    'tls_client_auth',
    'self_signed_tls_client_auth',
    'none',
  ],
  scopes: ['openid', 'offline_access', ...SCOPE.split(' ')],
  rotateRefreshToken: true,
  issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
  pkce: { required: () => true },
  jwks: { keys: await Promise.all(['RS256', 'ES256'].map(jwk)) },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    deviceFlow: {
      enabled: true,
      // the person is asked for nothing: opening the page with the code confirms it
      userCodeInputSource: (ctx, form) => {
        ctx.body = form
      },
      userCodeConfirmSource: (ctx, form) => {
        ctx.body = form
      },
    },
    dPoP: {
      enabled: true,
      nonceSecret: randomBytes(32),
      requireNonce: () => nonce,
    },
    introspection: { enabled: true, allowedPolicy: () => true },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      tlsClientAuth: true,
      selfSignedTlsClientAuth: true,
      getCertificate: (ctx) => ctx.socket.getPeerX509Certificate(),
      certificateAuthorized: (ctx) => ctx.socket.authorized,
      certificateSubjectMatches: (ctx, property, expected) =>
        property === 'tls_client_auth_subject_dn' &&
        names(ctx.socket.getPeerX509Certificate().subject) === names(expected),
    },
    pushedAuthorizationRequests: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'https://api.test',
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource) => {
        if (!resource.startsWith('https://api.test') && resource !== 'https://opaque.test') throw new errors.InvalidTarget()
        return {
          scope: SCOPE,
          audience: resource,
          accessTokenFormat: resource === 'https://opaque.test' ? 'opaque' : 'jwt',
          accessTokenTTL: lifetime,
          jwt: { sign: { alg: 'RS256' } },
        }
      },
    },
  },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  ttl: {
    ClientCredentials: lifetime,
    AccessToken: lifetime,
    RefreshToken: 1800,
    AuthorizationCode: 60,
    DeviceCode: 120,
    Grant: 1800,
    Session: 1800,
    Interaction: 600,
  },
})

// token exchange and the JWT bearer grant: a token of the client, of what was shown
async function exchanged(ctx) {
  const { client, params } = ctx.oidc
  const shown = params.subject_token ?? params.assertion
  if (!shown || shown.length < 16) throw new errors.InvalidGrant('nothing was shown')
  const token = new provider.ClientCredentials({ client, scope: params.scope ?? SCOPE })
  token.resourceServer = new provider.ResourceServer('https://api.test', {
    scope: SCOPE,
    audience: 'https://api.test',
    accessTokenFormat: 'jwt',
    accessTokenTTL: lifetime,
    jwt: { sign: { alg: 'RS256' } },
  })
  ctx.body = {
    access_token: await token.save(),
    expires_in: token.expiration,
    token_type: 'Bearer',
    scope: token.scope,
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  }
}
provider.registerGrantType(EXCHANGE, exchanged, ['subject_token', 'subject_token_type', 'scope', 'audience', 'resource'])
provider.registerGrantType(BEARER, exchanged, ['assertion', 'scope', 'resource'])

// whoever comes to the login is logged in and has allowed everything
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next()
  const details = await provider.interactionDetails(ctx.req, ctx.res)
  const { prompt, params, grantId } = details
  if (prompt.name === 'login') {
    return provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: 'lab-user' } })
  }
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: details.session.accountId, clientId: params.client_id })
  const { missingOIDCScope, missingResourceScopes } = prompt.details
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '))
  for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {})) grant.addResourceScope(resource, scopes.join(' '))
  return provider.interactionFinished(ctx.req, ctx.res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true })
})

provider.on('server_error', (_, error) => console.error(error))
provider.on('grant.error', (_, error) => console.error(error.error, error.error_detail ?? error.error_description))

const server = https.createServer({ key, cert, ca, requestCert: Boolean(ca), rejectUnauthorized: false }, provider.callback())
server.listen(port, '127.0.0.1', () => process.stdout.write(`READY ${issuer}\n`))
