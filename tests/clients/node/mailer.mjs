// What a shop does with npm's nodemailer: a pool of connections, a mail to each of TO. It knows nothing of Sendwright.
// Everything it needs is in the environment; it prints what the server said to each mail, as JSON.

import { readFileSync } from 'node:fs'
import { createTransport } from 'nodemailer'

const { HOST, STARTTLS, LOGIN, PASSWORD, SENDER, TO, SUBJECT, TEXT, HTML, INVITATION, FILE_NAME, FOLDER } = process.env

const transport = createTransport({
  host: HOST,
  port: Number(STARTTLS),
  requireTLS: true,
  auth: { user: LOGIN, pass: PASSWORD },
  pool: true,
  maxConnections: 2,
})

const mails = TO.split(',').map((to) => ({
  from: { name: 'Example Shop', address: SENDER },
  to,
  subject: SUBJECT,
  text: TEXT,
  html: HTML,
  attachments: [
    { filename: 'logo.png', content: readFileSync(`${FOLDER}/logo.png`), cid: 'logo@example.com' },
    { filename: FILE_NAME, content: readFileSync(`${FOLDER}/file.pdf`), contentType: 'application/pdf' },
  ],
  icalEvent: { filename: 'invite.ics', method: 'REQUEST', content: INVITATION },
}))

const sent = await Promise.all(mails.map((mail) => transport.sendMail(mail)))
transport.close()
console.log(JSON.stringify(sent.map(({ accepted, response }) => ({ accepted, response }))))
