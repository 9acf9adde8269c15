using System.Buffers.Binary;
using Drover.Jobs;
using Drover.Output;
using Drover.Redis.Engine;
using Drover.Storage;
using StackExchange.Redis;

namespace Drover.Redis.Jobs;

internal sealed partial class RedisJobStore
{
    private const int EntryHead = 29;
    private static readonly string OutputScript = Link.Script("output");

    public async ValueTask<bool> AppendOutputAsync(
        LeaseToken lease, IReadOnlyList<OutputEntry> entries, OutputTrim? trim, CancellationToken cancel = default)
    {
        Enter();
        var values = new List<RedisValue>(5 + entries.Count * 2) { IdOf(lease.JobId), lease.Attempt };
        if (trim is null)
            values.AddRange(["", "", ""]);
        else
            values.AddRange([trim.FromSeq, trim.ToSeq, Write(new(trim.FromSeq, trim.At, lease.Attempt, OutputStream.Gap, default, trim.DroppedBytes), lease.Attempt)]);
        foreach (var entry in entries)
            values.AddRange([entry.Seq, Write(entry, lease.Attempt)]);
        return (int)await link.RunAsync(OutputScript, [.. values], cancel) == 1;
    }

    public async ValueTask<OutputPage?> ReadOutputAsync(OutputQuery query, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1, nameof(query));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, 10_000, nameof(query));
        Enter();
        var number = (await NumbersAsync([query.JobId], cancel))[0];
        // The status is read first: when it is final then, every entry is there to be read.
        if ((await ReadAsync("test", [number], false, cancel))[0] is not { } job)
            return null;
        RedisKey key = link.Key("o:" + (string)NumberOf(number!.Value)!);
        var page = new List<OutputEntry>();
        long bytes = 0;
        await foreach (var entry in EntriesAsync(key, query, cancel))
        {
            if (page.Count == query.Limit || (page.Count > 0 && bytes + entry.Bytes.Length > OutputQuery.MaxPageBytes))
                break;
            page.Add(entry);
            bytes += entry.Bytes.Length;
        }

        if (query.Last)
            page.Reverse();
        long next = page.Count > 0 ? page[^1].Seq : query.After;
        bool ended = HasEnded(job.Status, job.Attempt, query.Attempt);
        return new(page, next, ended && !await AnyAsync(key, query with { After = next, Before = null, Last = false }, cancel));
    }

    private async ValueTask<bool> AnyAsync(RedisKey key, OutputQuery query, CancellationToken cancel)
    {
        await foreach (var entry in EntriesAsync(key, query, cancel))
            return true;
        return false;
    }

    private async IAsyncEnumerable<OutputEntry> EntriesAsync(
        RedisKey key, OutputQuery query, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        const int chunk = 100;
        double low = query.After, high = query.Before is { } before ? before : double.PositiveInfinity;
        // The client library would turn a range around whose end is before its beginning.
        while (low < high)
        {
            double from = low, to = high;
            var found = await link.CallAsync(db => db.SortedSetRangeByScoreAsync(
                key, from, to, Exclude.Both, query.Last ? Order.Descending : Order.Ascending, 0, Math.Min(chunk, query.Limit + 1)), cancel);
            foreach (var value in found)
            {
                var entry = Read((byte[])value!);
                if (query.Last)
                    high = entry.Seq;
                else
                    low = entry.Seq;
                if ((query.Attempt is not { } attempt || entry.Attempt == attempt)
                    && (query.Stream is not { } stream || entry.Stream == stream || entry.Stream == OutputStream.Gap))
                    yield return entry;
            }

            if (found.Length == 0)
                yield break;
        }
    }

    private static bool HasEnded(JobStatus status, int latest, int? attempt) =>
        status.IsFinal() || (attempt is { } number && (number < latest || (number == latest && status != JobStatus.Running)));

    private static byte[] Write(in OutputEntry entry, int attempt)
    {
        byte[] bytes = new byte[EntryHead + entry.Bytes.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, attempt);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(4), entry.Seq);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(12), entry.At.UtcTicks);
        bytes[20] = (byte)entry.Stream;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(21), entry.DroppedBytes);
        entry.Bytes.Span.CopyTo(bytes.AsSpan(EntryHead));
        return bytes;
    }

    private static OutputEntry Read(byte[] bytes) => new(
        BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(4)), new(BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(12)), TimeSpan.Zero),
        BinaryPrimitives.ReadInt32BigEndian(bytes), (OutputStream)bytes[20], bytes.Length == EntryHead ? default : bytes.AsMemory(EntryHead), BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(21)));
}
