using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Drover.Server.Contracts;

namespace Drover.Cli.Client;

/// <summary>A job's output as it comes, to its end. A connection that breaks is opened again where it was: no gap, no repeat.</summary>
/// <param name="client">The Drover.</param>
/// <param name="id">The job.</param>
internal sealed class JobLog(DroverClient client, Guid id)
{
    /// <summary>Drover shows every 15 s that a quiet stream lives; after this long without a word it is taken for dead.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(45);

    /// <summary>How long a Drover that is away is waited for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Only entries with a greater number.</summary>
    public long After { get; init; }

    /// <summary>Only this attempt; null for all.</summary>
    public int? Attempt { get; init; }

    /// <summary>Only this stream; null for all.</summary>
    public string? Stream { get; init; }

    /// <summary>Whether the job is known to be there, so that a Drover that is away at first is waited for too.</summary>
    public bool IsKnown { get; init; }

    /// <summary>Told when the connection was lost.</summary>
    public Action<string>? Lost { get; init; }

    /// <summary>The entries, and last the end.</summary>
    /// <exception cref="UnreachableException">Drover stays away.</exception>
    /// <exception cref="ApiException">There is no such job, or it was deleted meanwhile.</exception>
    public async IAsyncEnumerable<LogItem> FollowAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        long after = After;
        bool begun = IsKnown;
        var outage = new Outage(Patience);
        while (true)
        {
            await using var items = ReadOnceAsync(after, cancel).GetAsyncEnumerator(cancel);
            while (true)
            {
                LogItem? item = null;
                Exception? cut = null;
                try
                {
                    if (await items.MoveNextAsync())
                        item = items.Current;
                }
                catch (Exception broken) when (IsPassing(broken, cancel) && begun)
                {
                    cut = broken;
                }

                begun = true;
                if (item is null)
                {
                    if (outage.Begin())
                        Lost?.Invoke("The connection to Drover is lost; waiting for it to come back.");
                    if (outage.IsOver)
                        throw client.Unreachable(cut ?? new IOException("The stream of the output ends too early."), wasSent: true);
                    break;
                }

                outage = new Outage(Patience);
                after = item.Entry?.Seq ?? after;
                yield return item;
                if (item.End is not null)
                    yield break;
            }

            await Task.Delay(outage.NextPause, TimeProvider.System, cancel);
        }
    }

    private async IAsyncEnumerable<LogItem> ReadOnceAsync(long after, [EnumeratorCancellation] CancellationToken cancel)
    {
        string path = $"jobs/{id}/logs?follow=true&encoding=base64&after={after}"
            + (Attempt is { } n ? $"&attempt={n}" : "") + (Stream is { } stream ? $"&stream={stream}" : "");
        using var answer = await client.OpenEventsAsync(path, cancel);
        await using var body = new WatchedStream(await answer.Content.ReadAsStreamAsync(cancel), Silence);
        await foreach (var item in SseParser.Create(body, Parse).EnumerateAsync(cancel))
        {
            if (item.Data is { } parsed)
                yield return parsed;
        }
    }

    private static LogItem? Parse(string type, ReadOnlySpan<byte> data) => type switch
    {
        "end" => new(null, JsonSerializer.Deserialize(data, DroverClient.TypeInfo<LogEndResponse>())),
        "log" => new(JsonSerializer.Deserialize(data, DroverClient.TypeInfo<LogEntry>()), null),
        _ => null,
    };

    private static bool IsPassing(Exception broken, CancellationToken cancel) => !cancel.IsCancellationRequested
        && broken is IOException and not Terminal.BrokenPipeException or HttpRequestException or UnreachableException or TimeoutException or ApiException { MayPass: true };

    /// <summary>A time without a connection.</summary>
    private sealed class Outage(TimeSpan patience)
    {
        private long? _began;
        private int _pauses;

        public bool IsOver => _began is { } began && TimeProvider.System.GetElapsedTime(began) > patience;

        public TimeSpan NextPause => TimeSpan.FromMilliseconds(Math.Min(100 << Math.Min(_pauses++, 5), 2000));

        /// <summary>True the second time: a single cut is mended before anybody notices.</summary>
        public bool Begin()
        {
            _began ??= TimeProvider.System.GetTimestamp();
            return _pauses == 1;
        }
    }
}

/// <summary>A piece of a followed log, or its end; exactly one is set.</summary>
internal sealed record LogItem(LogEntry? Entry, LogEndResponse? End);
