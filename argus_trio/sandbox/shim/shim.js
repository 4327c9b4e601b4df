'use strict'
/* The first program of a container whose image has Node (18 and later) and no Python: shim.py and network.py in
 * JavaScript, with nothing but Node's own modules. What it speaks with the gateway is told in order.py, and what it does
 * in shim.py; its bounds are those of network.py.
 *
 * What is different: Node reaps its own children alone, and orphans would stay zombies. So the engine's init (`Init` in
 * the container's configuration: tini, or catatonit) is process 1 and reaps, and this is its only child: when this one
 * ends, so does that one, and the kernel kills the rest. A server can signal it, and stop it: then the gateway, or what
 * clears up after it, ends the container by the engine. Node has no fork: the server gets the pipes by `spawn`.
 */

const { spawn } = require('node:child_process')
const dgram = require('node:dgram')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')

const FOLDER = __dirname
const DNS_PORT = Number(process.argv[2] || 53)
const MAX_ORDER_BYTES = 16 * 1024 * 1024
const MAX_LINE_BYTES = 4096
const MAX_NAMES = 1024
const MAX_LISTENERS = 4096
const MIN_NAMES = 16
const MAX_RELAYS = 512
const MAX_QUERIES = 64
const MAX_QUERY_BYTES = 1024
const MAX_HEAD_BYTES = 4096
const TTL_SECONDS = 5
const FIRST_ADDRESS = 127 * 2 ** 24 + 64 * 2 ** 16 + 1
const ADDRESSES = 2 ** 22
const LEFT_GRACE_SECONDS = 0.5
const LOOK_MILLISECONDS = 20 // between two looks at whether anything is left
const OOM_FILES = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control']
const OOM_SCORE = '500'
const TICKS_PER_SECOND = 100 // of every Linux that Node runs on

// Only where the folder of containers is, and init above: anywhere else `kill -1` would end the whole machine.
const IS_CONTAINED = FOLDER === '/run/argus' && (process.pid === 1 || process.ppid === 1)

/* ---- names, and what connects to them ---- */

let isSaid = false
let relays = 0
let queries = 0
let given = 0
let ports = []
const names = new Map() // in the order of their last use

function say(text) {
  // The first thing that went wrong, among the server's own words.
  if (!isSaid) tellPeople(text)
  isSaid = true
}

function tellPeople(text) {
  try {
    fs.writeSync(errors, `argus-trio: ${text}\n`)
  } catch {
    // nobody reads
  }
}

async function serveNames(entries) {
  ports = entries.filter((entry) => /^\d+$/.test(entry)).map(Number)
  const questions = dgram.createSocket('udp4')
  questions.on('message', async (query, peer) => {
    const answer = await reply(query)
    if (answer) questions.send(answer, peer.port, peer.address, () => {})
  })
  await new Promise((resolve, reject) => {
    questions.once('error', reject)
    questions.bind(DNS_PORT, '127.0.0.1', resolve)
  })
  questions.on('error', () => {})
  await listen('127.0.0.1', DNS_PORT, answerStream)
  for (const entry of entries.filter((each) => each.startsWith('localhost:'))) {
    const port = Number(entry.slice(10))
    await listen('127.0.0.1', port, (client) => passOn(client, 'localhost', port))
  }
}

async function reply(query) {
  // The answer to one question, null for what is none.
  if (query.length < 12 || query[2] & 0xf8 || query.readUInt16BE(4) !== 1) return null
  const labels = []
  let at = 12
  while (at < query.length && query[at] > 0 && query[at] < 64) {
    labels.push(query.toString('latin1', at + 1, at + 1 + query[at]))
    at += 1 + query[at]
  }
  if (query[at] !== 0 || query.length < at + 5) return null
  const name = labels.join('.').toLowerCase()
  const isAddress = query.readUInt16BE(at + 1) === 1 && query.readUInt16BE(at + 3) === 1
  const address = isAddress && /^[a-z0-9_.-]+$/.test(name) ? await addressOf(name) : null
  const head = Buffer.alloc(12)
  query.copy(head, 0, 0, 2)
  head.writeUInt16BE(0x8080 | ((query[2] & 1) << 8), 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(address ? 1 : 0, 6)
  const found = Buffer.alloc(address ? 16 : 0)
  if (address) {
    found.writeUInt16BE(0xc00c, 0)
    found.writeUInt16BE(1, 2)
    found.writeUInt16BE(1, 4)
    found.writeUInt32BE(TTL_SECONDS, 6)
    found.writeUInt16BE(4, 10)
    address.split('.').forEach((part, index) => found.writeUInt8(Number(part), 12 + index))
  }
  return Buffer.concat([head, query.subarray(12, at + 5), found])
}

function addressOf(name) {
  // The address of a name, as a promise for as long as what listens there is not ready.
  if (name === 'localhost' || name.endsWith('.localhost')) return '127.0.0.1'
  const known = use(name)
  if (known) return known.ready
  if (given >= ADDRESSES - 2) return null
  const most = Math.max(MIN_NAMES, Math.min(MAX_NAMES, Math.floor(MAX_LISTENERS / Math.max(1, ports.length))))
  while (names.size >= most) {
    const [oldest, { listeners }] = names.entries().next().value
    names.delete(oldest)
    listeners.forEach((listener) => listener.close())
  }
  const number = FIRST_ADDRESS + given++
  const address = [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')
  const entry = { listeners: [], ready: null }
  names.set(name, entry)
  entry.ready = Promise.all(
    ports.map((port) =>
      listen(address, port, (client) => passOn(client, name, port)).then(
        (listener) => (names.get(name) === entry ? entry.listeners.push(listener) : listener.close()),
        (error) => say(`port ${port} of names is not served: ${error.code}`)
      )
    )
  ).then(() => address)
  return entry.ready
}

function use(name) {
  const entry = names.get(name)
  if (entry) {
    names.delete(name)
    names.set(name, entry)
  }
  return entry
}

function listen(address, port, take) {
  const listener = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, take)
  return new Promise((resolve, reject) => {
    listener.once('error', reject)
    listener.listen({ host: address, port, backlog: 128 }, () => {
      listener.removeListener('error', reject)
      listener.on('error', (error) => say(`no connection can be taken: ${error.code}`))
      resolve(listener)
    })
  })
}

function answerStream(client) {
  // One connection to the DNS over TCP.
  client.on('error', () => {})
  if (queries >= MAX_QUERIES) return client.resetAndDestroy()
  queries += 1
  client.once('close', () => (queries -= 1))
  let read = Buffer.alloc(0)
  client.on('data', async (chunk) => {
    read = Buffer.concat([read, chunk])
    while (read.length >= 2 && read.length >= 2 + read.readUInt16BE(0)) {
      const query = read.subarray(2, 2 + read.readUInt16BE(0))
      read = read.subarray(2 + query.length)
      const answer = await reply(query)
      if (!answer) return client.destroy()
      const size = Buffer.alloc(2)
      size.writeUInt16BE(answer.length)
      client.write(Buffer.concat([size, answer]))
    }
    if (read.length > MAX_QUERY_BYTES || client.writableLength > MAX_QUERY_BYTES) client.destroy()
  })
  client.on('end', () => client.end())
  client.resume()
}

function passOn(client, name, port) {
  // One connection of the server, and its way out. Until the filter has answered, nothing of it is read.
  client.on('error', () => {})
  use(name)
  if (relays >= MAX_RELAYS) {
    say(`more than ${MAX_RELAYS} connections at once: the others are reset`)
    return client.resetAndDestroy()
  }
  relays += 1
  client.once('close', () => (relays -= 1))
  const wayOut = net.connect({ path: path.join(FOLDER, 'egress.sock'), allowHalfOpen: true })
  let head = Buffer.alloc(0)
  const fail = () => {
    client.resetAndDestroy()
    wayOut.destroy()
  }
  const onHead = () => {
    for (let chunk; head !== null && (chunk = wayOut.read()) !== null; ) {
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0 && head.length <= MAX_HEAD_BYTES) continue
      if (end < 0 || head.toString('latin1', 0, end).split(' ')[1] !== '200') return fail()
      wayOut.removeListener('readable', onHead)
      wayOut.removeListener('end', fail)
      if (head.length > end + 4) wayOut.unshift(head.subarray(end + 4))
      head = null
      client.pipe(wayOut)
      wayOut.pipe(client)
    }
  }
  wayOut.on('readable', onHead)
  wayOut.on('end', fail)
  wayOut.on('error', (error) => {
    if (head !== null) say(`the gateway takes no connection: ${error.code}`)
    fail()
  })
  client.on('error', fail)
  wayOut.write(`CONNECT ${name}:${port} HTTP/1.1\r\n\r\n`)
}

/* ---- the server's process, and what the gateway says ---- */

let control
let errors = 2
let stdin
let stdout
let server = 0
let killTimer = null

function tell(line, then) {
  if (control.writableLength < MAX_LINE_BYTES) control.write(`${line}\n`, then)
}

function leave(code) {
  if (!IS_CONTAINED) signal('SIGKILL')
  process.exit(code)
}

function signal(name) {
  try {
    if (IS_CONTAINED) process.kill(-1, name)
    else if (server) process.kill(-server, name)
  } catch {
    // nobody is left
  }
}

function others() {
  // The processes in here but init and this one, or those of the server's session where this is no container.
  const found = []
  for (const entry of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid || entry === '1') continue
    try {
      const stat = fs.readFileSync(`/proc/${entry}/stat`, 'latin1')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (IS_CONTAINED || Number(fields[3]) === server) found.push(fields)
    } catch {
      // it has just ended
    }
  }
  return found
}

function processorSeconds() {
  let ticks = 0
  for (const fields of others()) for (const field of fields.slice(11, 15)) ticks += Number(field)
  for (const pid of IS_CONTAINED ? ['1', 'self'] : ['self']) {
    // What has ended, and was reaped by init or by this process.
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
    for (const field of stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(13, 15)) ticks += Number(field)
  }
  return ticks / TICKS_PER_SECOND
}

function endWithin(seconds) {
  if (killTimer === null) killTimer = setTimeout(leave, seconds * 1000, 0)
  signal('SIGTERM')
  signal('SIGCONT') // one that is stopped would not notice
}

function memoryKills() {
  for (const file of OOM_FILES) {
    try {
      const found = /^oom_kill (\d+)$/m.exec(fs.readFileSync(file, 'latin1'))
      if (found) return Number(found[1])
    } catch {
      // the other version of cgroups
    }
  }
  return 0
}

function hasEnded(code, name) {
  const count = memoryKills()
  if (count) tell(`oom ${count}`)
  tell(`ended ${name ? os.constants.signals[name] : code * 256}`)
  endWithin(LEFT_GRACE_SECONDS)
  const look = () => {
    if (others().every((fields) => fields[0] === 'Z')) control.end(() => leave(0))
    else setTimeout(look, LOOK_MILLISECONDS)
  }
  look()
}

function hear(line) {
  const [word, value] = line.split(' ')
  if (word === 'usage') tell(`usage ${processorSeconds().toFixed(3)}`)
  else if (word === 'end') endWithin(Number(value))
}

function fail(stage, number) {
  tell(`failed ${stage} ${Math.abs(number || 0)}`, () => process.exit(127))
}

async function obey(order) {
  const fields = order.toString('utf8').split('\0')
  const count = Number(fields[2])
  const argv = fields.slice(3, 3 + count)
  const env = {}
  for (const entry of fields.slice(3 + count)) env[entry.slice(0, entry.indexOf('='))] = entry.slice(entry.indexOf('=') + 1)
  if (fields[0]) {
    try {
      await serveNames(fields[0].split(','))
    } catch (error) {
      return fail('network', error.errno)
    }
  }
  const cwd = fields[1] || undefined
  try {
    if (cwd) process.chdir(cwd) // spawn would say of a missing folder that the command was missing
  } catch (error) {
    return fail('chdir', error.errno)
  }
  let child
  try {
    child = spawn(argv[0], argv.slice(1), { env, cwd, detached: true, stdio: [stdin, stdout, errors] })
  } catch (error) {
    return fail('exec', error.errno)
  }
  child.on('error', (error) => fail('exec', error.errno))
  child.on('exit', hasEnded)
  fs.closeSync(stdin)
  fs.closeSync(stdout)
  if (!child.pid) return
  server = child.pid
  try {
    fs.writeFileSync(`/proc/${server}/oom_score_adj`, OOM_SCORE) // so that the server is killed, and not this
  } catch {
    // then the kernel takes the largest
  }
  tell(`started ${server}`)
}

function listenToGateway() {
  let heard = Buffer.alloc(0)
  let size = -1
  control.on('data', (chunk) => {
    heard = Buffer.concat([heard, chunk])
    if (size < 0 && heard.length >= 8) size = Math.min(Number(heard.readBigUInt64BE(0)), MAX_ORDER_BYTES)
    if (size >= 0 && size < Infinity) {
      if (heard.length < 8 + size) return
      const order = heard.subarray(8, 8 + size)
      heard = Buffer.from(heard.subarray(8 + size))
      size = Infinity
      obey(order)
    }
    if (size !== Infinity) return
    for (let end; (end = heard.indexOf('\n')) >= 0; heard = heard.subarray(end + 1)) hear(heard.toString('latin1', 0, end))
    if (heard.length > MAX_LINE_BYTES) leave(0)
  })
  control.on('end', () => leave(0))
  control.on('error', () => leave(0))
}

function opened(name, flags) {
  // While both ends are open here it does not block, although the gateway may be gone.
  const file = path.join(FOLDER, name)
  const both = fs.openSync(file, 'r+')
  if (name === 'stderr') fs.closeSync(2) // the next one is 2: what Node itself says is heard as well
  const pipe = fs.openSync(file, flags)
  fs.closeSync(both)
  return pipe
}

function connected(name) {
  const socket = new net.Socket({ allowHalfOpen: true })
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.connect({ path: path.join(FOLDER, `${name}.sock`) }, () => {
      socket.removeListener('error', reject)
      resolve(socket)
    })
  })
}

async function main() {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(name, () => {})
  errors = opened('stderr', fs.constants.O_WRONLY)
  stdin = opened('stdin', fs.constants.O_RDONLY)
  stdout = opened('stdout', fs.constants.O_WRONLY)
  control = await connected('control')
  listenToGateway()
}

process.on('uncaughtException', (error) => {
  tellPeople(`the shim failed: ${error.stack}`)
  leave(1)
})
main().catch((error) => {
  tellPeople(error.message)
  process.exit(1)
})
