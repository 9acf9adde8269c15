using System.Threading.Channels;
using Drover.Catalog;
using Drover.Server.Auth;
using Drover.Storage;

namespace Drover.Server.Audit;

/// <summary>
/// Writes down who changed what. Calls do not wait for the disk: events are gathered and written in groups, within
/// moments and in order; when the store is away they are kept and tried again, up to a bound past which callers wait.
/// </summary>
internal sealed class AuditTrail(IAuditLog audit, TimeProvider time, ILogger<AuditTrail> log) : BackgroundService
{
    private const int MaxGroup = 500;
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly Channel<AuditEvent> _events = Channel.CreateBounded<AuditEvent>(new BoundedChannelOptions(65_536) { SingleReader = true });

    /// <summary>Notes a change.</summary>
    public ValueTask RecordAsync(Caller caller, string action, string? subject, string? detail = null)
    {
        var entry = new AuditEvent(0, time.GetUtcNow(), caller.Name, caller.Origin, action, subject, detail);
        return _events.Writer.TryWrite(entry) ? ValueTask.CompletedTask : WaitAsync(entry);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // What was noted is written before the process ends; the host's own deadline bounds it.
        _events.Writer.TryComplete();
        if (ExecuteTask is { } writing)
            await writing.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var group = new List<AuditEvent>(MaxGroup);
        while (await _events.Reader.WaitToReadAsync(stoppingToken))
        {
            while (group.Count < MaxGroup && _events.Reader.TryRead(out var entry))
                group.Add(entry);
            await WriteAsync(group, stoppingToken);
            group.Clear();
        }
    }

    private async ValueTask WriteAsync(List<AuditEvent> group, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await audit.AppendAsync(group, CancellationToken.None);
                return;
            }
            catch (StoreUnavailableException e)
            {
                log.AuditDelayed(group.Count, e.Message);
            }
            catch (Exception e)
            {
                log.AuditLost(e, group.Count);
                return;
            }

            await Task.Delay(RetryPause, time, stop);
        }
    }

    private async ValueTask WaitAsync(AuditEvent entry)
    {
        try
        {
            await _events.Writer.WriteAsync(entry);
        }
        catch (ChannelClosedException)
        {
            log.AuditClosed(entry.Action, entry.Subject);
        }
    }
}
