using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Drover.Brokers;
using Drover.Jobs;
using Drover.NetQueue;
using Drover.Sqlite;
using Drover.Storage;
using Drover.StoreTests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.StoreTests.NetQueue;

/// <summary>
/// Kills a queue server on the embedded store while producers and workers are connected, and starts it again. Every
/// acknowledged job is there, workers finish what they have in hand, and what may not run twice does not.
/// </summary>
public sealed class KilledServerTests : IDisposable
{
    private const string FolderVariable = "DROVER_KILLED_SERVER_FOLDER";
    private const string PortVariable = "DROVER_KILLED_SERVER_PORT";
    private const int Kills = 5;

    private readonly string _folder = Directory.CreateTempSubdirectory("drover-killed-").FullName;
    private readonly int _port = FreePort();
    private readonly ConcurrentDictionary<Guid, int> _runs = new();
    private int _finished;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_killed_server_keeps_every_acknowledged_job_and_its_workers_finish_theirs()
    {
        var accepted = new ConcurrentBag<Guid>();
        using var noMore = new CancellationTokenSource();
        using var stop = new CancellationTokenSource();
        var server = StartServer();
        try
        {
            await using var client = Client();
            await using var other = Client();
            var producing = Enumerable.Range(0, 4).Select(n => Task.Run(() => ProduceAsync(n % 2 == 0 ? client : other, accepted, noMore.Token))).ToList();
            var working = Enumerable.Range(0, 3).Select(n => Task.Run(() => WorkAsync(n % 2 == 0 ? client : other, $"w-{n}", stop.Token))).ToList();
            for (int kill = 0; kill < Kills; kill++)
            {
                int before = Volatile.Read(ref _finished);
                await NetQueueHouse.UntilAsync(() => Volatile.Read(ref _finished) > before + 60 || server.HasExited || working.Any(w => w.IsCompleted));
                Assert.False(server.HasExited);
                server.Kill();
                await server.WaitForExitAsync(TestContext.Current.CancellationToken);
                server.Dispose();
                server = StartServer();
            }

            await noMore.CancelAsync();
            await Task.WhenAll(producing);
            await NetQueueHouse.UntilAsync(async () => working.Any(w => w.IsFaulted) || (await client.CountAsync(JobFilter.All)) is { Queued: 0, Running: 0, Retrying: 0 });
            await stop.CancelAsync();
            foreach (var work in working)
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work);

            var counts = await client.CountAsync(JobFilter.All);
            Assert.Equal((accepted.Count, accepted.Count), (counts.Total, counts.Completed));
            foreach (var chunk in accepted.Chunk(500))
                Assert.All(await client.GetAsync(chunk), AssertRunAsItMay);
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync(CancellationToken.None);
            server.Dispose();
        }
    }

    /// <summary>The server; not a test by itself.</summary>
    [Fact(Explicit = true)]
    public async Task Server()
    {
        string folder = Environment.GetEnvironmentVariable(FolderVariable) ?? throw new InvalidOperationException("Only for the other test.");
        int port = int.Parse(Environment.GetEnvironmentVariable(PortVariable)!, System.Globalization.CultureInfo.InvariantCulture);
        await using var database = await SqliteDatabase.OpenAsync(new() { Directory = folder }, TimeProvider.System, NullLoggerFactory.Instance);
        await using var broker = new Broker(database.Jobs, null, new(), TimeProvider.System, NullLoggerFactory.Instance);
        await broker.StartAsync(TestContext.Current.CancellationToken);
        await using var server = new NetQueueServer(broker, new() { Listen = new(IPAddress.Loopback, port), AllowAnonymous = true }, TimeProvider.System, NullLoggerFactory.Instance);
        await server.StartAsync(TestContext.Current.CancellationToken);
        await Task.Delay(TimeSpan.FromMinutes(5), TimeProvider.System, TestContext.Current.CancellationToken);
    }

    /// <summary>What may not run twice was begun once; the rest may have been begun again when the server forgot its start.</summary>
    private void AssertRunAsItMay(Job? job)
    {
        Assert.NotNull(job);
        Assert.Equal(JobStatus.Completed, job.Status);
        if (job.Spec.OnWorkerLost == WorkerLostPolicy.Fail)
            Assert.Equal(1, _runs[job.Id]);
    }

    private static async Task ProduceAsync(NetQueueBroker client, ConcurrentBag<Guid> accepted, CancellationToken noMore)
    {
        for (int n = 0; !noMore.IsCancellationRequested; n++)
        {
            var spec = n % 2 == 0 ? Make.Task() with { OnWorkerLost = WorkerLostPolicy.Fail, MaxAttempts = 1 } : Make.Task();
            // Not canceled: what was sent is to be answered.
            foreach (var job in (await client.EnqueueAsync(new([.. Enumerable.Repeat(spec, 1 + (n % 3))]), CancellationToken.None)).Jobs)
                accepted.Add(job.Id);
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, CancellationToken.None);
        }
    }

    private async Task WorkAsync(NetQueueBroker client, string id, CancellationToken stop)
    {
        await using var session = await client.ConnectAsync(NetQueueHouse.Worker(id), stop);
        while (true)
        {
            var leases = await session.LeaseAsync(8, stop);
            foreach (var lease in leases)
                _runs.AddOrUpdate(lease.Token.JobId, 1, (_, runs) => runs + 1);
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(20)), TimeProvider.System, CancellationToken.None);
            await session.FinishAsync([.. leases.Select(lease => new FinishRequest(lease.Token, Make.Completed))], CancellationToken.None);
            Interlocked.Add(ref _finished, leases.Count);
        }
    }

    private NetQueueBroker Client() => new(
        new() { Host = "127.0.0.1", Port = _port, MinBackoff = TimeSpan.FromMilliseconds(10), MaxBackoff = TimeSpan.FromMilliseconds(200) },
        TimeProvider.System, NullLoggerFactory.Instance);

    private Process StartServer()
    {
        string program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        // Under `dotnet test` the program may be dotnet itself.
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            start.ArgumentList.Add(typeof(KilledServerTests).Assembly.Location);
        foreach (string argument in new[] { "-method", $"{typeof(KilledServerTests).FullName}.{nameof(Server)}", "-explicit", "only" })
            start.ArgumentList.Add(argument);
        start.Environment[FolderVariable] = _folder;
        start.Environment[PortVariable] = _port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
