// The asking server with the TypeScript SDK 1.x: `typescript1.mts stdio`, or `typescript1.mts http PORT`.

import { randomUUID } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import express from 'express';

function build(): McpServer {
    const server = new McpServer({ name: 'asking', version: '1.0.0' });
    const said = (text: string) => ({ content: [{ type: 'text' as const, text }] });
    server.registerTool('who', { description: 'Asks with a form.' }, async extra => {
        const form = { type: 'object' as const, properties: { name: { type: 'string' as const } }, required: ['name'] };
        const params = { message: 'who?', requestedSchema: form };
        const answer = await server.server.elicitInput(params, { relatedRequestId: extra.requestId });
        return said(answer.action === 'accept' ? String(answer.content?.name) : answer.action);
    });
    server.registerTool('think', { description: "Asks for a model's words." }, async extra => {
        const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'what?' } }];
        const answer = await server.server.createMessage({ messages, maxTokens: 10 }, { relatedRequestId: extra.requestId });
        return said(answer.content.type === 'text' ? answer.content.text : answer.content.type);
    });
    server.registerTool('where', { description: 'Asks for the roots.' }, async extra => {
        const answer = await server.server.listRoots({}, { relatedRequestId: extra.requestId });
        return said(answer.roots.map(root => root.uri).join(' '));
    });
    return server;
}

const [mode, port] = process.argv.slice(2);
if (mode === 'stdio') {
    await build().connect(new StdioServerTransport());
} else {
    const sessions = new Map<string, StreamableHTTPServerTransport>();
    const app = express();
    app.use(express.json());
    app.all('/mcp', async (request, response) => {
        let transport = sessions.get(String(request.headers['mcp-session-id']));
        if (transport === undefined) {
            const fresh = new StreamableHTTPServerTransport({
                sessionIdGenerator: () => randomUUID(),
                onsessioninitialized: id => void sessions.set(id, fresh)
            });
            await build().connect(fresh);
            transport = fresh;
        }
        await transport.handleRequest(request, response, request.body);
    });
    app.listen(Number(port), '127.0.0.1', () => console.log(`listening ${port}`));
}
