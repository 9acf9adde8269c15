using System.Collections.Concurrent;
using Drover.Brokers;
using Drover.Events;
using Drover.Jobs;
using Drover.Server.Contracts;
using Drover.Servers;

namespace Drover.Server.Servers;

/// <summary>
/// Looks at servers. A server is looked at once at a time, whoever asks shares the answer, and only so many at once:
/// sshd drops simultaneous sign-ins and punishes failed ones.
/// </summary>
internal sealed class ServerChecks(
    ServerCatalog servers, ServerDirectory directory, IServerProbe probe, IBroker broker, ServerOptions options, TimeProvider time) : IDisposable
{
    private const int AtOnce = 16;
    private static readonly TimeSpan TestTimeout = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim _places = new(AtOnce);
    private readonly ConcurrentDictionary<(string Id, long Version, bool Thorough), Lazy<Task<ProbeResult>>> _running = new();

    /// <summary>Every step with its time, patiently.</summary>
    public Task<ProbeResult> TestAsync(ServerEntry entry, CancellationToken cancel) => LookAsync(entry, thorough: true, cancel);

    /// <summary>Whether it can be reached now.</summary>
    public async Task<StatusRecord> StatusAsync(ServerEntry entry, CancellationToken cancel) =>
        Record(await LookAsync(entry, thorough: false, cancel), time.GetUtcNow());

    public void Dispose() => _places.Dispose();

    private async Task<ProbeResult> LookAsync(ServerEntry entry, bool thorough, CancellationToken cancel)
    {
        var key = (entry.Id, entry.Version, thorough);
        // It goes on to its end for the others when one who asked leaves.
        var look = _running.GetOrAdd(key, _ => new(() => RunAsync(entry, key)));
        return await look.Value.WaitAsync(cancel);
    }

    private async Task<ProbeResult> RunAsync(ServerEntry entry, (string Id, long Version, bool Thorough) key)
    {
        await Task.Yield();
        try
        {
            await _places.WaitAsync();
            ProbeResult result;
            try
            {
                result = await ProbeAsync(entry, key.Thorough ? TestTimeout : options.StatusTimeout);
            }
            finally
            {
                _places.Release();
            }

            if (await servers.GetAsync(entry.Id, CancellationToken.None) is not null)
            {
                await servers.SetStatusAsync(entry.Id, Record(result, time.GetUtcNow()), CancellationToken.None);
                directory.Changed(EventKind.ServerChecked, entry.Id);
            }

            return result;
        }
        finally
        {
            _running.TryRemove(key, out _);
        }
    }

    private async Task<ProbeResult> ProbeAsync(ServerEntry entry, TimeSpan timeout)
    {
        if (entry.Record.Kind == ServerKind.Local)
            return await LookHereAsync();
        long start = time.GetTimestamp();
        using var deadline = new CancellationTokenSource(timeout, time);
        try
        {
            var target = await directory.ResolveAsync(entry, deadline.Token);
            return await probe.ProbeAsync(target, deadline.Token).AsTask().WaitAsync(deadline.Token);
        }
        catch (TargetUnavailableException e)
        {
            return Failure("name", FailureReasons.ServerUnavailable, e.Message, start);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return Failure("connect", FailureReasons.ConnectFailed, $"No answer within {timeout.TotalSeconds:0} seconds.", start);
        }
    }

    /// <summary>The machine of the workers: whether one is there that runs commands.</summary>
    private async Task<ProbeResult> LookHereAsync()
    {
        long start = time.GetTimestamp();
        int count = (await broker.ListWorkersAsync()).Count(w => w.Description.Capabilities.Shell && !w.Draining);
        var took = time.GetElapsedTime(start);
        var step = count > 0
            ? new ProbeStep("run", true, took, null, count == 1 ? "1 worker runs commands." : $"{count} workers run commands.")
            : new ProbeStep("run", false, took, FailureReasons.ServerUnavailable, "No worker that runs commands is connected.");
        return new(step.Ok, [step], null, took);
    }

    private ProbeResult Failure(string step, string reason, string detail, long start)
    {
        var took = time.GetElapsedTime(start);
        return new(false, [new(step, false, took, reason, detail)], null, took);
    }

    private static StatusRecord Record(ProbeResult result, DateTimeOffset at)
    {
        var failed = result.Steps.FirstOrDefault(s => !s.Ok);
        return new(result.Ok, at, ServerViews.Milliseconds(result.Latency), failed?.Name, failed?.Reason, failed?.Detail, result.HostKey?.Fingerprint);
    }
}
