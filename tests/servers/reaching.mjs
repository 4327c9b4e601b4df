// A stdio MCP server that reaches out by `fetch`, as `reaching.py` does by other ways.
import readline from 'node:readline'

const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n')

async function reached({ host, port }) {
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  try {
    const answer = await fetch(`http://${host}:${port}/`, { signal: AbortSignal.timeout(20_000) })
    return { told: await answer.text(), seconds: seconds() }
  } catch (error) {
    return { failed: `${error.cause?.code ?? error.message}`, seconds: seconds() }
  }
}

const greeting = { serverInfo: { name: 'reaching', version: '1' }, capabilities: { tools: {} } }
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line)
  if (method === 'initialize') say({ id, result: { ...greeting, protocolVersion: params.protocolVersion } })
  else if (method === 'tools/list') say({ id, result: { tools: [{ name: 'reach', inputSchema: { type: 'object' } }] } })
  else if (method === 'tools/call') {
    const text = JSON.stringify(await reached(params.arguments))
    say({ id, result: { content: [{ type: 'text', text }] } })
  } else if (method === 'ping') say({ id, result: {} })
  else if (id !== undefined) say({ id, error: { code: -32601, message: 'no such method' } })
}
