// A Streamable HTTP server made with the TypeScript SDK: `node sessions.cjs FOLDER PORT MODE`.
//
// FOLDER is where the SDK is installed. In mode `one` the process has one transport, as the simplest servers do; in mode
// `many` one for each session, as the SDK's examples do. Both forget their sessions with the process.

const { createRequire } = require("node:module");
const { randomUUID } = require("node:crypto");
const http = require("node:http");

const [folder, port, mode] = process.argv.slice(2);
const sdk = createRequire(`${folder}/package.json`);
const { McpServer } = sdk("@modelcontextprotocol/sdk/server/mcp.js");
const { StreamableHTTPServerTransport } = sdk("@modelcontextprotocol/sdk/server/streamableHttp.js");

const sessions = new Map();

async function begun() {
  const server = new McpServer({ name: "sessions", version: "1" });
  server.registerTool("pid", { description: "The process" }, async () => ({
    content: [{ type: "text", text: String(process.pid) }],
  }));
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => sessions.set(id, transport),
  });
  await server.connect(transport);
  return transport;
}

function read(request) {
  return new Promise((resolve) => {
    let body = "";
    request.on("data", (piece) => (body += piece));
    request.on("end", () => resolve(body ? JSON.parse(body) : undefined));
  });
}

async function serve(only, request, response) {
  const body = await read(request);
  const known = only ?? sessions.get(request.headers["mcp-session-id"]);
  if (known) return known.handleRequest(request, response, body);
  if (body?.method === "initialize") return (await begun()).handleRequest(request, response, body);
  response.writeHead(400, { "content-type": "application/json" });
  const error = { code: -32000, message: "Bad Request: No valid session ID provided" };
  response.end(JSON.stringify({ jsonrpc: "2.0", error, id: null }));
}

async function main() {
  const only = mode === "one" ? await begun() : undefined;
  const server = http.createServer((request, response) => serve(only, request, response));
  server.listen(Number(port), "127.0.0.1", () => console.log(`serving at port ${port}`));
}

main();
