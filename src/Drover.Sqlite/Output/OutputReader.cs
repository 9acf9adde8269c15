using Drover.Output;
using Drover.Sqlite.Sql;

namespace Drover.Sqlite.Output;

/// <summary>Reads output through a connection for reading.</summary>
internal sealed class OutputReader(Connection connection)
{
    private readonly Statement _first = connection.Prepare(OutputSql.ReadFirst);
    private readonly Statement _last = connection.Prepare(OutputSql.ReadLast);
    private readonly Statement _hasMore = connection.Prepare(OutputSql.HasMore);
    private readonly Statement _lastSeq = connection.Prepare(OutputSql.LastSeq);
    private readonly Statement _nextJob = connection.Prepare(OutputSql.NextJob);

    /// <summary>A page of a job's output.</summary>
    /// <param name="job">The job's seq.</param>
    /// <param name="query">Which part.</param>
    /// <param name="ended">Whether nothing can follow what is stored now.</param>
    public OutputPage Read(long job, OutputQuery query, bool ended)
    {
        var rows = query.Last ? _last : _first;
        rows.Bind(1, job).Bind(2, query.After).Bind(3, query.Before ?? long.MaxValue).Bind(4, query.Attempt).Bind(5, (long?)query.Stream).Bind(6, query.Limit);
        var entries = new List<OutputEntry>();
        long bytes = 0;
        while (rows.Step())
        {
            var content = rows.Blob(5);
            bytes += content.Length;
            if (entries.Count > 0 && bytes > OutputQuery.MaxPageBytes)
            {
                rows.Reset();
                break;
            }

            entries.Add(new(rows.Long(0), new(rows.Long(1), TimeSpan.Zero), rows.Int(2), (OutputStream)rows.Int(3), content.IsEmpty ? ReadOnlyMemory<byte>.Empty : content.ToArray(), rows.Long(4)));
        }

        if (query.Last)
            entries.Reverse();
        long next = entries.Count > 0 ? entries[^1].Seq : query.After;
        return new(entries, next, ended && !HasMore(job, next, query));
    }

    /// <summary>The seq of a job's last entry, or the last that its last gap stands for; 0 when it has none.</summary>
    public long LastSeq(long job)
    {
        if (!_lastSeq.Bind(1, job).Step())
            return 0;
        long seq = _lastSeq.Long(0);
        _lastSeq.Reset();
        return seq;
    }

    /// <summary>The next job after a given one that has output; null when there is none.</summary>
    public long? NextJob(long job)
    {
        if (!_nextJob.Bind(1, job).Step())
            return null;
        long next = _nextJob.Long(0);
        _nextJob.Reset();
        return next;
    }

    private bool HasMore(long job, long after, OutputQuery query)
    {
        if (!_hasMore.Bind(1, job).Bind(2, after).Bind(3, query.Attempt).Bind(4, (long?)query.Stream).Step())
            return false;
        _hasMore.Reset();
        return true;
    }
}
