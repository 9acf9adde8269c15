using System.Threading.Channels;
using Drover.Brokers;
using Drover.Jobs;
using Drover.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Drover.EntityFrameworkCore;

/// <summary>
/// Hands the rows of an outbox on. A row is taken for a time, its jobs are enqueued under the ids and the key that were chosen when it was
/// written, then it is deleted. Whoever dies in between leaves a row that is handed on again, and that Drover knows.
/// </summary>
internal sealed class OutboxRelay<TContext>(
    IServiceScopeFactory scopes, IBroker broker, OutboxWake wake, OutboxOptions options, TimeProvider time, ILogger log) : BackgroundService
    where TContext : DbContext
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private readonly Guid _me = JobId.New(time);

    /// <summary>Hands on what can be taken now, one batch; answers how many rows were taken.</summary>
    internal async Task<int> RunOnceAsync(CancellationToken cancel)
    {
        await using var scope = scopes.CreateAsyncScope();
        var rows = scope.ServiceProvider.GetRequiredService<TContext>().Set<OutboxJob>();
        long now = time.GetUtcNow().UtcTicks, until = now + options.Lease.Ticks;
        var ids = await rows.Where(row => row.Fault == null && row.TakenUntil <= now).OrderBy(row => row.Id).Take(options.Batch).Select(row => row.Id).ToListAsync(cancel);
        if (ids.Count == 0)
            return 0;
        // Of several relays that saw the same rows each gets those that it changes first.
        await rows.Where(row => ids.Contains(row.Id) && row.TakenUntil <= now)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.TakenBy, _me).SetProperty(row => row.TakenUntil, until), cancel);
        var mine = await rows.AsNoTracking().Where(row => ids.Contains(row.Id) && row.TakenBy == _me && row.TakenUntil == until).OrderBy(row => row.Id).ToListAsync(cancel);
        var done = new List<Guid>();
        try
        {
            foreach (var row in mine)
            {
                if (await HandOnAsync(rows, row, cancel))
                    done.Add(row.Id);
            }
        }
        catch
        {
            var left = mine.Select(row => row.Id).Except(done).ToList();
            await rows.Where(row => left.Contains(row.Id) && row.TakenBy == _me).ExecuteUpdateAsync(set => set.SetProperty(row => row.TakenUntil, 0), CancellationToken.None);
            throw;
        }
        finally
        {
            await rows.Where(row => done.Contains(row.Id)).ExecuteDeleteAsync(CancellationToken.None);
        }

        return ids.Count;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var woken = wake.Join();
        var (pause, failures) = (FirstPause, TimeSpan.Zero);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await RunOnceAsync(stoppingToken) > 0)
                    pause = FirstPause;
                if (failures > TimeSpan.Zero)
                    log.RelayRecovered();
                failures = TimeSpan.Zero;
                // Jobs saved in a transaction that is still open are seen a little later.
                pause = await SleepAsync(woken, pause, stoppingToken) ? FirstPause : Less(pause * 2, options.Interval);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (failures == TimeSpan.Zero)
                    log.RelayFailed(e);
                failures = failures == TimeSpan.Zero ? TimeSpan.FromMilliseconds(500) : Less(failures * 2, LongestPause);
                await Task.Delay(failures, time, stoppingToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    /// <summary>Answers whether it was woken.</summary>
    private async Task<bool> SleepAsync(ChannelReader<bool> woken, TimeSpan pause, CancellationToken cancel)
    {
        using var sleep = new CancellationTokenSource(pause, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(sleep.Token, cancel);
        try
        {
            await woken.ReadAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Answers whether the row is done with.</summary>
    private async Task<bool> HandOnAsync(DbSet<OutboxJob> rows, OutboxJob row, CancellationToken cancel)
    {
        try
        {
            var request = RequestBytes.Read(row.Content);
            // A window of unique jobs is such a key itself.
            if (request.Jobs.All(job => job.Unique?.Window is null))
                request = request with { IdempotencyKey = $"outbox:{row.Id}", Fingerprint = "outbox" };
            var result = await broker.EnqueueAsync(request, cancel);
            for (int n = 0; n < result.Jobs.Count; n++)
            {
                if (result.Jobs[n].Duplicate)
                    log.NotCreated(JobId.Following(row.Id, n), request.Jobs[n].UniqueKey, result.Jobs[n].Id);
            }

            return true;
        }
        catch (JobIdTakenException)
        {
            return true;
        }
        catch (QueueFullException e)
        {
            log.QueueIsFull(e.Queue);
            return false;
        }
        catch (Exception e) when (e is FormatException or JobValidationException)
        {
            log.LaidAside(row.Id, e.Message);
            await rows.Where(each => each.Id == row.Id).ExecuteUpdateAsync(set => set.SetProperty(each => each.Fault, e.Message), cancel);
            return false;
        }
    }

    private static TimeSpan Less(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
