using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Drover.Brokers;
using Drover.Output;
using Drover.Server.Http;
using Drover.Server.Jobs;
using Drover.Server.Json;

namespace Drover.Server.Logs;

/// <summary>A job's output as server-sent events: <c>log</c> for each entry, whose id is its seq, and <c>end</c>, whose id tells that it was seen.</summary>
internal sealed class LogEventStream(IBroker broker, OutputQuery query, bool base64) : EventStreamResult
{
    /// <summary>Stands behind the last entry's seq in the id of the end.</summary>
    public const string EndMark = ".end";

    protected override async Task WriteAsync(CancellationToken cancel)
    {
        WriteHeartbeat();
        await FlushAsync();
        bool complete = false;
        long last = query.After;
        await foreach (var page in LogFollower.FollowAsync(broker, query, Heartbeat, Time, cancel))
        {
            for (int i = 0; i < page.Entries.Count; i++)
            {
                var entry = LogViews.Entry(page.Entries[i], base64);
                last = entry.Seq;
                Write(entry.Seq, "log", entry, DroverJson.Api.LogEntry);
                await FlushIfFullAsync();
            }

            complete = page.Complete;
            if (page.Entries.Count == 0 && !complete)
                WriteHeartbeat();
            await FlushAsync();
        }

        if (complete && (await broker.GetAsync([query.JobId], cancel))[0] is { } job)
            Write($"{last}{EndMark}", "end", JobViews.End(job), DroverJson.Api.LogEndResponse);
    }
}

/// <summary>A job's output as text: so far, or followed to its end. Bytes that are no UTF-8 become U+FFFD.</summary>
internal sealed class LogTextStream(IBroker broker, OutputQuery query, bool follow) : StreamedResult("text/plain; charset=utf-8")
{
    protected override async Task WriteAsync(CancellationToken cancel)
    {
        await foreach (var page in follow ? LogFollower.FollowAsync(broker, query, Heartbeat, Time, cancel) : LogPages.ReadAsync(broker, query, cancel))
        {
            for (int i = 0; i < page.Entries.Count; i++)
            {
                Write(page.Entries[i]);
                await FlushIfFullAsync();
            }

            await FlushAsync();
        }
    }

    private void Write(in OutputEntry entry)
    {
        var bytes = entry.Bytes.Span;
        if (entry.Stream == OutputStream.Gap)
            Body.Write(LogViews.GapLine(entry));
        else if (Utf8.IsValid(bytes))
            Body.Write(bytes);
        else
            Body.Write(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes)));
        if (entry.Stream == OutputStream.System)
            Body.Write("\n"u8);
    }
}

/// <summary>One stream of a job as a download: the bytes as the process wrote them.</summary>
internal sealed class LogDownload(IBroker broker, OutputQuery query) : StreamedResult("application/octet-stream")
{
    protected override async Task WriteAsync(CancellationToken cancel)
    {
        await foreach (var page in LogPages.ReadAsync(broker, query, cancel))
        {
            for (int i = 0; i < page.Entries.Count; i++)
            {
                var entry = page.Entries[i];
                Body.Write(entry.Stream == OutputStream.Gap ? LogViews.GapLine(entry) : entry.Bytes.Span);
                await FlushIfFullAsync();
            }
        }
    }
}

/// <summary>The output that is there now, page by page.</summary>
internal static class LogPages
{
    private const int EntriesAtOnce = 64;

    public static async IAsyncEnumerable<OutputPage> ReadAsync(
        IBroker broker, OutputQuery query, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        while (await broker.ReadOutputAsync(query with { Limit = EntriesAtOnce }, cancel) is { Entries.Count: > 0 } page)
        {
            yield return page;
            query = query with { After = page.Next };
        }
    }
}
