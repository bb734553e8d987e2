/** nginx with WebDAV, asked with curl: neither hashes nor syncs. */
import { join } from "node:path";
import { type Ground, removed, requireFile } from "../ground.ts";
import { Daemon, freePort, run } from "../processes.ts";
import type { Contestant } from "../scenario.ts";

const NEEDS = ["nginx", "curl"];

/** Debian's settings; `tuned`: with buffers of 1 MiB, in place of 16 KiB, for what is uploaded. */
function config(folder: string, { port, tuned }: { port: number; tuned: boolean }): string {
  return `
    ${Deno.uid() === 0 ? "user root;" : ""}
    daemon off; worker_processes auto; pid ${folder}/pid; error_log stderr;
    events {}
    http {
      access_log off; sendfile on; tcp_nopush on;
      client_max_body_size 0; ${tuned ? "client_body_buffer_size 1m;" : ""}
      client_body_temp_path ${folder}/body;
      proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
      uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
      server {
        listen 127.0.0.1:${port}; root ${folder}/files;
        location / { dav_methods PUT DELETE; create_full_put_path on; }
      }
    }`;
}

/** Where it keeps the file, and its address. */
async function start(ground: Ground, stack: AsyncDisposableStack, tuned = false) {
  const folder = await ground.folder("nginx");
  await Deno.mkdir(join(folder, "files"));
  const port = freePort();
  await Deno.writeTextFile(join(folder, "nginx.conf"), config(folder, { port, tuned }));
  const args = ["-p", folder, "-c", join(folder, "nginx.conf")];
  stack.use(await Daemon.start("nginx", args, { ready: { port } }));
  return { file: join(folder, "files", "large.bin"), url: `http://127.0.0.1:${port}/large.bin` };
}

const CURL = ["--silent", "--show-error", "--fail", "--header", "Expect:"];

/** Uploads the large file. */
function put(name: string, tuned: boolean): Contestant {
  return {
    name,
    needs: NEEDS,
    async enter(ground) {
      await using stack = new AsyncDisposableStack();
      const { file, url } = await start(ground, stack, tuned);
      const source = await ground.large();
      const resources = stack.move();
      return {
        ready: () => removed(file),
        async run() {
          await run("curl", [...CURL, "--upload-file", source, url]);
          await requireFile(file, ground.scale.largeBytes);
        },
        [Symbol.asyncDispose]: () => resources.disposeAsync(),
      };
    },
  };
}

export const nginxPut: Contestant = put("nginx WebDAV PUT", false);
export const nginxPutTuned: Contestant = put("nginx WebDAV PUT, 1 MiB buffers", true);

/** Downloads it. */
export const nginxGet: Contestant = {
  name: "nginx GET",
  needs: NEEDS,
  async enter(ground) {
    await using stack = new AsyncDisposableStack();
    const { file, url } = await start(ground, stack);
    await Deno.copyFile(await ground.large(), file);
    const output = join(await ground.folder("curl"), "large.bin");
    const resources = stack.move();
    return {
      ready: () => removed(output),
      async run() {
        await run("curl", [...CURL, "--output", output, url]);
        await requireFile(output, ground.scale.largeBytes);
      },
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  },
};
