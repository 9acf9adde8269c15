using Drover.Jobs;
using Drover.Output;
using Drover.Storage;

namespace Drover.Testing;

public sealed partial class InMemoryJobStore
{
    /// <inheritdoc/>
    public ValueTask<bool> AppendOutputAsync(
        LeaseToken lease, IReadOnlyList<OutputEntry> entries, OutputTrim? trim, CancellationToken cancel = default)
    {
        using var held = Enter(cancel);
        if (HeldBy(lease) is not { } job)
            return new(false);
        foreach (var entry in entries)
        {
            if (entry.Seq <= job.LastOutputSeq)
                continue;
            // The caller may use its buffer for something else.
            job.Output.Add(entry with { Attempt = lease.Attempt, Bytes = entry.Bytes.ToArray() });
            job.LastOutputSeq = entry.Seq;
        }

        if (trim is not null)
            Trim(job, lease.Attempt, trim);
        return new(true);
    }

    /// <inheritdoc/>
    public ValueTask<OutputPage?> ReadOutputAsync(OutputQuery query, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1, nameof(query));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, 10_000, nameof(query));
        using var held = Enter(cancel);
        if (!_jobs.TryGetValue(query.JobId, out var job))
            return new((OutputPage?)null);

        var asked = job.Output.Where(e => e.Seq > query.After && IsWanted(e)).ToList();
        var within = asked.Where(e => e.Seq < (query.Before ?? long.MaxValue));
        var page = Page(query.Last ? within.Reverse() : within, query.Limit);
        if (query.Last)
            page.Reverse();
        long next = page.Count > 0 ? page[^1].Seq : query.After;
        bool reachesEnd = asked.Count == 0 || asked[^1].Seq <= next;
        return new(new OutputPage(page, next, reachesEnd && HasEnded(job, query.Attempt)));

        bool IsWanted(OutputEntry entry) =>
            (query.Attempt is not { } attempt || entry.Attempt == attempt)
            && (query.Stream is not { } stream || entry.Stream == stream || entry.Stream == OutputStream.Gap);
    }

    private static void Trim(StoredJob job, int attempt, OutputTrim trim)
    {
        job.Output.RemoveAll(e => e.Attempt == attempt && e.Seq >= trim.FromSeq && e.Seq < trim.ToSeq);
        int place = job.Output.FindIndex(e => e.Seq > trim.FromSeq);
        var gap = new OutputEntry(trim.FromSeq, trim.At, attempt, OutputStream.Gap, ReadOnlyMemory<byte>.Empty, trim.DroppedBytes);
        job.Output.Insert(place < 0 ? job.Output.Count : place, gap);
        // What was dropped before it was sent must not slip in behind the gap.
        job.LastOutputSeq = Math.Max(job.LastOutputSeq, trim.ToSeq - 1);
    }

    private static List<OutputEntry> Page(IEnumerable<OutputEntry> entries, int limit)
    {
        var page = new List<OutputEntry>();
        long bytes = 0;
        foreach (var entry in entries)
        {
            if (page.Count == limit || (page.Count > 0 && bytes + entry.Bytes.Length > OutputQuery.MaxPageBytes))
                break;
            page.Add(entry);
            bytes += entry.Bytes.Length;
        }

        return page;
    }

    private static bool HasEnded(StoredJob job, int? attempt) =>
        job.Status.IsFinal() || (attempt is { } number && (number < job.Attempt || (number == job.Attempt && job.Status != JobStatus.Running)));
}
