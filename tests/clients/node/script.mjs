// What a customer does with npm's @hubspot/api-client. Only the basePath was added.
// Takes HOST, TOKEN, POOR_TOKEN, EMAIL_ID and MARK (which tells two runs apart) from the environment; prints what it saw as one line of JSON.

import { Client } from '@hubspot/api-client'

const { HOST, TOKEN, POOR_TOKEN, EMAIL_ID, MARK } = process.env
const client = new Client({ accessToken: TOKEN, basePath: HOST })
const called = new Set()

/** Notes which methods are called, and that each answers when it should. */
function watched(api, silent = []) {
  return new Proxy(api, {
    get: (target, name) => async (...args) => {
      const answer = await target[name](...args)
      if ((answer === undefined) !== silent.includes(name)) throw new Error(`${name} answered ${answer}`)
      called.add(`${target.constructor.name}.${name}`)
      return answer
    },
  })
}

/** Every method that could be called: the plain ones, not those that give the raw answer. */
function methods(api) {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(api))
  return names
    .filter((name) => name !== 'constructor' && !name.endsWith('WithHttpInfo'))
    .map((name) => `${api.constructor.name}.${name}`)
}

async function authorEmails(raw) {
  const api = watched(raw, ['archive', 'publishOrSend', 'resetDraft', 'restoreRevision', 'unpublishOrCancel'])
  const made = await api.create({
    name: 'Receipt',
    subject: 'Order {{ custom.number }}',
    _from: { fromName: 'Example Shop', replyTo: 'shop@example.com' },
    subcategory: 'single_send_api',
    content: { widgets: { hs_email_body: { body: { html: '<p>Order {{ custom.number }}</p>' } } } },
  })
  await api.update(made.id, { name: 'Receipt of today' })
  await api.publishOrSend(made.id)
  const found = await api.getById(made.id, true)
  const drafted = await api.upsertDraft(made.id, { subject: 'Something else' })
  await api.resetDraft(made.id)
  const draft = await api.getDraft(made.id)
  const revisions = await api.getRevisions(made.id)
  const oldest = revisions.results.at(-1).id
  const first = await api.getRevisionById(made.id, oldest)
  await api.restoreDraftRevision(made.id, Number(oldest))
  await api.restoreRevision(made.id, oldest)
  const restored = await api.getById(made.id)
  const cloned = await api.clone({ id: made.id, cloneName: 'Copy' })
  const anyTime = Array(6).fill(undefined)
  const page = await api.getPage(...anyTime, ['-createdAt'], undefined, 1)
  await api.unpublishOrCancel(made.id)
  await api.archive(cloned.id)
  return {
    state: made.state,
    sender: made._from.replyTo,
    madeAt: made.createdAt instanceof Date,
    published: found.isPublished,
    sent: found.stats.counters.sent,
    drafted: drafted.subject,
    draft: draft.subject,
    revisions: revisions.total === revisions.results.length,
    first: first.object.name,
    restored: restored.name,
    newest: page.results[0].id === cloned.id && page.paging.next.after.length > 0,
  }
}

async function keepContacts(raw) {
  const api = watched(raw, ['archive'])
  const made = await api.create({ properties: { email: `${MARK}@example.net`, firstname: 'Jo' } })
  const found = await api.getById(`${MARK}@example.net`, ['firstname', 'city'], undefined, undefined, false, 'email')
  const changed = await api.update(made.id, { properties: { city: 'Oslo' } })
  const page = await api.getPage(1)
  const all = await client.crm.contacts.getAll()
  await api.archive(made.id)
  return {
    same: found.id === made.id,
    empty: found.properties.city,
    city: changed.properties.city,
    page: page.results.length,
    listed: all.some((contact) => contact.id === made.id),
  }
}

async function keepManyContacts(raw) {
  const api = watched(raw, ['archive'])
  const addresses = [1, 2, 3].map((n) => `${MARK}${n}@example.net`)
  const made = await api.create({ inputs: addresses.slice(0, 2).map((email) => ({ properties: { email } })) })
  const ids = made.results.map(({ id }) => ({ id }))
  const changed = await api.update({ inputs: ids.map(({ id }) => ({ id, properties: { city: 'Rome' } })) })
  const upserted = await api.upsert({
    inputs: addresses.slice(1).map((id) => ({ id, idProperty: 'email', properties: { city: 'Bern' } })),
  })
  const read = await api.read({
    inputs: addresses.map((id) => ({ id })), idProperty: 'email', properties: ['city'], propertiesWithHistory: [],
  })
  const partly = await api.create({ inputs: [{ properties: { email: addresses[0] } }] })
  await api.archive({ inputs: ids })
  return {
    status: made.status,
    changed: changed.results.map((contact) => contact.properties.city),
    news: upserted.results.map((contact) => contact._new ?? contact.new),
    read: read.results.map((contact) => contact.properties.city).sort(),
    errors: partly.numErrors,
  }
}

async function searchContacts(raw) {
  const api = watched(raw)
  const filters = [{ propertyName: 'email', operator: 'EQ', value: `${MARK}3@example.net` }]
  const found = await api.doSearch({ filterGroups: [{ filters }], properties: ['email'], limit: 5 })
  return { total: found.total, email: found.results[0].properties.email }
}

async function sendOne(raw) {
  const api = watched(raw)
  const request = {
    emailId: Number(EMAIL_ID),
    message: { to: `${MARK}@example.org`, _from: 'Example Shop <orders@example.com>', sendId: MARK, cc: [], bcc: [] },
    contactProperties: { firstname: 'Jo' },
    customProperties: { order_no: '4711', lines: [{ name: 'Tea' }] },
  }
  const answer = await api.sendEmail(request)
  const again = await api.sendEmail(request)
  const status = await follow(answer.statusId)
  return { requestedAt: answer.requestedAt instanceof Date, same: again.statusId === answer.statusId, status }
}

async function keepSmtpTokens(raw) {
  const api = watched(raw, ['archiveToken'])
  const made = await api.createToken({ campaignName: MARK, createContact: true })
  const other = await api.createToken({ campaignName: MARK, createContact: false })
  const first = await api.getTokensPage(MARK, undefined, undefined, 1)
  const last = await api.getTokensPage(MARK, undefined, first.paging.next.after, 1)
  const ofCampaign = await api.getTokensPage(undefined, made.emailCampaignId)
  const found = await api.getTokenById(made.id)
  const reset = await api.resetPassword(made.id)
  await api.archiveToken(made.id)
  const left = await api.getTokensPage(MARK)
  return {
    fields: Object.keys(made).filter((name) => made[name] !== undefined && name !== 'expiresAt').sort(),
    madeAt: made.createdAt instanceof Date,
    contacts: [made.createContact, other.createContact],
    listed: [...first.results, ...last.results].map(({ id }) => id === made.id),
    ended: last.paging === undefined,
    campaign: ofCampaign.results.map(({ id }) => id === made.id),
    hidden: found.password === undefined,
    changed: reset.password !== made.password,
    left: left.results.map(({ id }) => id === other.id),
  }
}

/** No client has a method for the status: people use the raw request. */
async function follow(statusId) {
  for (let look = 0; look < 1000; look++) {
    const answer = await client.apiRequest({ path: `/marketing/v3/email/send-statuses/${statusId}` })
    const status = await answer.json()
    if (status.status === 'COMPLETE') return status
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('the send did not end')
}

async function fault(call) {
  try {
    await call()
  } catch (error) {
    const { category, message, correlationId } = error.body
    return { code: error.code, category, told: message, id: Boolean(correlationId) }
  }
  throw new Error('nothing was thrown')
}

async function meetFaults() {
  const unknown = new Client({ accessToken: 'pat-sw1-nobody', basePath: HOST })
  const poor = new Client({ accessToken: POOR_TOKEN, basePath: HOST })
  const contacts = client.crm.contacts.basicApi
  const send = { emailId: Number(EMAIL_ID), message: { to: `${MARK}@example.org` } }
  return {
    missing: await fault(() => contacts.getById('999999')),
    taken: await fault(() => contacts.create({ properties: { email: `${MARK}3@example.net` } })),
    bad: await fault(() => client.marketing.transactional.singleSendApi.sendEmail({ emailId: 1, message: {} })),
    unknown: await fault(() => unknown.crm.contacts.basicApi.getPage()),
    forbidden: await fault(() => poor.marketing.transactional.singleSendApi.sendEmail(send)),
  }
}

const apis = {
  emails: [client.marketing.emails.marketingEmailsApi, authorEmails],
  contacts: [client.crm.contacts.basicApi, keepContacts],
  batches: [client.crm.contacts.batchApi, keepManyContacts],
  search: [client.crm.contacts.searchApi, searchContacts],
  send: [client.marketing.transactional.singleSendApi, sendOne],
  tokens: [client.marketing.transactional.publicSMTPTokensApi, keepSmtpTokens],
}
const seen = {}
for (const [name, [api, use]] of Object.entries(apis)) seen[name] = await use(api)
seen.faults = await meetFaults()
seen.notCalled = Object.values(apis).flatMap(([api]) => methods(api)).filter((name) => !called.has(name))
console.log(JSON.stringify(seen))
