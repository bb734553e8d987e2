/** Loaded before an example: what it says to a depot's usual port goes to the depot of the test. */
const connect = Deno.connect;
const port = Number(Deno.env.get("EXAMPLE_DEPOT_PORT"));

Object.assign(Deno, {
  connect: (options: Deno.TcpListenOptions & Deno.ConnectOptions) =>
    connect(options.port === 7420 ? { ...options, port } : options),
});
