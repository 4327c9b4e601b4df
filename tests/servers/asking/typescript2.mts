// The asking server with the TypeScript SDK 2.x, of both eras: `typescript2.mts stdio`, or `typescript2.mts http PORT`.

import { randomUUID } from 'node:crypto';
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { classifyInboundRequest, createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import express from 'express';

function build(): McpServer {
    const server = new McpServer({ name: 'asking', version: '1.0.0' });
    const said = (text: string) => ({ content: [{ type: 'text' as const, text }] });
    server.registerTool('who', { description: 'Asks with a form.' }, async context => {
        const form = { type: 'object' as const, properties: { name: { type: 'string' as const } }, required: ['name'] };
        const answer = await context.mcpReq.elicitInput({ message: 'who?', requestedSchema: form });
        return said(answer.action === 'accept' ? String(answer.content?.name) : answer.action);
    });
    server.registerTool('think', { description: "Asks for a model's words." }, async context => {
        const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'what?' } }];
        const answer = await context.mcpReq.requestSampling({ messages, maxTokens: 10 });
        return said(answer.content.type === 'text' ? answer.content.text : 'no text');
    });
    server.registerTool('where', { description: 'Asks for the roots.' }, async context => {
        const answer = await server.server.listRoots({}, { relatedRequestId: context.mcpReq.id });
        return said(answer.roots.map(root => root.uri).join(' '));
    });
    return server;
}

const [mode, port] = process.argv.slice(2);
if (mode === 'stdio') {
    serveStdio(build);
} else {
    const modern = toNodeHandler(createMcpHandler(build));
    const sessions = new Map<string, NodeStreamableHTTPServerTransport>();
    const app = express();
    app.use(express.json());
    app.all('/mcp', async (request, response) => {
        const header = (name: string) => request.headers[name] as string | undefined;
        const inbound = classifyInboundRequest({
            httpMethod: request.method,
            protocolVersionHeader: header('mcp-protocol-version'),
            mcpMethodHeader: header('mcp-method'),
            body: request.body
        });
        if (inbound.kind !== 'legacy') {
            await modern(request, response, request.body);
            return;
        }
        let transport = sessions.get(String(header('mcp-session-id')));
        if (transport === undefined) {
            const fresh = new NodeStreamableHTTPServerTransport({
                sessionIdGenerator: () => randomUUID(),
                onsessioninitialized: (id: string) => void sessions.set(id, fresh)
            });
            await build().connect(fresh);
            transport = fresh;
        }
        await transport.handleRequest(request, response, request.body);
    });
    app.listen(Number(port), '127.0.0.1', () => console.log(`listening ${port}`));
}
