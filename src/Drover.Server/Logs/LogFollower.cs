using System.Runtime.CompilerServices;
using Drover.Brokers;
using Drover.Events;
using Drover.Output;

namespace Drover.Server.Logs;

/// <summary>
/// A job's output from a point to its end, history and live output alike: always one read of the store by sequence
/// number, so nothing is missed or repeated where they meet. Holds one page at a time, whatever the job prints.
/// </summary>
internal static class LogFollower
{
    private const int TargetPageBytes = 512 * 1024;

    /// <summary>Pages until the output is complete; one without entries now and then while nothing comes. Ends when the job is deleted.</summary>
    public static async IAsyncEnumerable<OutputPage> FollowAsync(
        IBroker broker, OutputQuery query, TimeSpan heartbeat, TimeProvider time, [EnumeratorCancellation] CancellationToken cancel)
    {
        int limit = Math.Min(query.Limit, 256);
        while (true)
        {
            // What is published from here on wakes the wait below; what was before is in the read.
            long mark = broker.Events.LastSeq;
            if (await broker.ReadOutputAsync(query with { Limit = limit }, cancel) is not { } page)
                yield break;
            if (page.Entries.Count > 0 || page.Complete)
            {
                yield return page;
                if (page.Complete)
                    yield break;
                query = query with { After = page.Next, Last = false };
                limit = LimitAfter(page, limit);
                continue;
            }

            if (query.Last)
                query = query with { After = page.Next, Last = false };
            switch (await WaitAsync(broker.Events, query.JobId, mark, heartbeat, time, cancel))
            {
                case Woken.ByTime:
                    yield return page;
                    break;
                case Woken.Never:
                    yield break;
            }
        }
    }

    /// <summary>As many entries as make a page of moderate size, judged by the last one.</summary>
    private static int LimitAfter(OutputPage page, int limit)
    {
        long bytes = 0;
        foreach (var entry in page.Entries)
            bytes += entry.Bytes.Length + 64;
        return page.Entries.Count == 0 ? limit : (int)Math.Clamp(TargetPageBytes / Math.Max(1, bytes / page.Entries.Count), 8, 4000);
    }

    private static async ValueTask<Woken> WaitAsync(
        IEventFeed feed, Guid job, long mark, TimeSpan heartbeat, TimeProvider time, CancellationToken cancel)
    {
        using var timer = new CancellationTokenSource(heartbeat, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancel);
        bool came = false;
        try
        {
            await foreach (var _ in feed.ReadAsync(EventTopics.Output | EventTopics.Jobs, mark, job, either.Token))
            {
                came = true;
                break;
            }
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            return Woken.ByTime;
        }

        cancel.ThrowIfCancellationRequested();
        return came ? Woken.ByEvent : timer.IsCancellationRequested ? Woken.ByTime : Woken.Never;
    }

    private enum Woken
    {
        ByEvent,
        ByTime,
        Never,
    }
}
