using System.Diagnostics;
using System.Text.Json;
using Drover.NetQueue;
using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;
using Drover.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.Bench.NetQueue;

/// <summary>The queue over TCP on loopback, client and server on the same processors.</summary>
internal static class NetQueueBench
{
    public const string Usage = """
        netqueue life [seconds] [full|normal]   whole job lives: 50 connections one at a time, 1000 callers on one, bulk; in process beside it
        netqueue idle [full|normal]             from submit to the worker's hands on an idle queue, in process and over TCP
        netqueue pings [seconds]                questions and answers without a store: the protocol alone
        netqueue codec                          a job in binary and in JSON
        netqueue serve [full|normal] [0]        only the server, on port 9050 (0: a free one), until its input ends; for 'netqueue remote [seconds]' in another process
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        switch (args)
        {
            case ["life", .. var rest]:
                await LifeAsync(Seconds(rest), Durable(rest));
                return 0;
            case ["idle", .. var rest]:
                await Latency.RunAsync(Durable(rest));
                return 0;
            case ["pings", .. var rest]:
                await PingsAsync(Seconds(rest));
                return 0;
            case ["codec"]:
                Codec();
                return 0;
            case ["serve", .. var rest]:
                await ServeAsync(Durable(rest), rest.Contains("0") ? 0 : 9050);
                return 0;
            case ["remote", .. var rest]:
                await OverTcpAsync(9050, Seconds(rest));
                return 0;
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }

    public static NetQueueBroker Client(int port) => new(new() { Host = "127.0.0.1", Port = port }, TimeProvider.System, NullLoggerFactory.Instance);

    private static double Seconds(string[] args) => args.Select(a => double.TryParse(a, out double s) ? s : 0).FirstOrDefault(s => s > 0, 5);

    private static Durability Durable(string[] args) => args.Contains("normal") ? Durability.Normal : Durability.Full;

    private static async Task LifeAsync(double seconds, Durability durability)
    {
        await using var served = await Served.OpenAsync(durability);
        Console.WriteLine("In process:");
        await Lives.RunAsync("50 callers one at a time", _ => served.Broker, 50, 1, seconds);
        await Lives.RunAsync("1000 callers", _ => served.Broker, 1000, 1, seconds);
        await Lives.RunAsync("4 callers with 500 each", _ => served.Broker, 4, 500, seconds);
        await OverTcpAsync(served.Port, seconds);
    }

    private static async Task ServeAsync(Durability durability, int port)
    {
        await using var served = await Served.OpenAsync(durability, port);
        Console.WriteLine($"listening on port {served.Port}");
        await Console.In.ReadToEndAsync();
    }

    private static async Task OverTcpAsync(int port, double seconds)
    {
        Console.WriteLine("Over TCP:");
        var clients = Enumerable.Range(0, 50).Select(_ => Client(port)).ToArray();
        await Lives.RunAsync("50 connections one at a time", n => clients[n % clients.Length], 50, 1, seconds);
        await Lives.RunAsync("50 connections one at a time, again", n => clients[n % clients.Length], 50, 1, seconds);
        await Lives.RunAsync("1000 callers on one connection", _ => clients[0], 1000, 1, seconds);
        await Lives.RunAsync("4 connections with 500 each", n => clients[n % clients.Length], 4, 500, seconds);
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    private static async Task PingsAsync(double seconds)
    {
        await using var served = await Served.OpenAsync(Durability.Normal);
        var clients = Enumerable.Range(0, 50).Select(_ => Client(served.Port)).ToArray();
        await RateAsync("50 connections one at a time", 50, seconds, n => clients[n]);
        await RateAsync("1000 callers on one connection", 1000, seconds, _ => clients[0]);
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    private static async Task RateAsync(string what, int callers, double seconds, Func<int, NetQueueBroker> client)
    {
        long done = 0;
        var clock = Stopwatch.StartNew();
        var cpu = Environment.CpuUsage.TotalTime;
        await Task.WhenAll(Enumerable.Range(0, callers).Select(n => Task.Run(async () =>
        {
            var broker = client(n);
            while (clock.Elapsed.TotalSeconds < seconds)
            {
                await broker.SetLimitsAsync(new Dictionary<string, int?>());
                Interlocked.Increment(ref done);
            }
        })));
        Console.WriteLine($"{what}: {done / clock.Elapsed.TotalSeconds:N0} questions and answers a second, {(Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / done:N2} us of CPU each");
    }

    private static void Codec()
    {
        var spec = Store.Life.Spec(1) with { Task = new() { JobType = "noop", Payload = new byte[200] } };
        var plain = new { kind = "task", max_attempts = 3, on_worker_lost = "retry", job_type = "noop", payload = Convert.ToBase64String(spec.Task!.Payload.Span) };
        for (int round = 0; round < 3; round++)
        {
            const int Times = 300_000;
            var clock = Stopwatch.StartNew();
            using var w = new FrameWriter();
            for (int n = 0; n < Times; n++)
            {
                w.Clear();
                SpecCodec.Write(w, spec);
                var r = new BodyReader(w.Written.Span);
                SpecCodec.Read(ref r);
            }

            double binary = clock.Elapsed.TotalNanoseconds / Times;
            clock.Restart();
            int bytes = 0;
            for (int n = 0; n < Times; n++)
            {
                byte[] json = JsonSerializer.SerializeToUtf8Bytes(plain);
                bytes = json.Length;
                using var parsed = JsonDocument.Parse(json);
            }

            Console.WriteLine($"binary {binary:N0} ns, {w.Length} bytes; JSON (written and parsed, not even bound) {clock.Elapsed.TotalNanoseconds / Times:N0} ns, {bytes} bytes");
        }
    }
}
