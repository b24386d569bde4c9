// The peer of bench/whole.py: nodemailer with ten pooled connections and DKIM, told by lines of JSON how many to send.
//
//   node send.mjs PORT   ->  {"ready": true}
//   {"count": 500}       ->  {"seconds": 1.2, "cpu_us": 2100.0, "failures": 0}
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import nodemailer from "nodemailer";

const WAITING = 40; // so many mails are with the pool at once: more than its connections, so that none is ever idle
const html = readFileSync(process.argv[3], "utf8");
const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const transport = nodemailer.createTransport({
  host: "127.0.0.1",
  port: Number(process.argv[2]),
  pool: true,
  maxConnections: 10,
  maxMessages: Infinity,
  ignoreTLS: true,
  dkim: { domainName: "example.com", keySelector: "bench", privateKey },
});

let number = 0;

async function sendMany(count) {
  let left = count;
  let failures = 0;
  const started = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      number += 1;
      const page = html.replaceAll("0000000000", String(number).padStart(10, "0"));
      await transport
        .sendMail({
          from: "Shop <shop@example.com>",
          to: `p${number % 500}@example.org`,
          subject: `Order ${number}`,
          text: page.replace(/<[^>]*>/g, " ").replace(/\s+/g, " "),
          html: page,
        })
        .catch(() => (failures += 1));
    }
  };
  await Promise.all(Array.from({ length: WAITING }, worker));
  const used = process.cpuUsage(cpu);
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  return { seconds, cpu_us: (used.user + used.system) / Math.max(count, 1), failures };
}

console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await sendMany(JSON.parse(line).count)));
}
transport.close();
