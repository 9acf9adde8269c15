using Drover.Jobs;
using Drover.NetQueue.Protocol;
using Drover.Storage;

namespace Drover.NetQueue.Messages;

/// <summary>Lists, counts and throughput.</summary>
internal static class QueryMessages
{
    // statuses: count var, u8 each | has var | then each whose bit is set: 0 server_id text | 1 queue text | 2 kind u8 | 3 job_type text
    // 4 tag text | 5 priority int | 6 created_after time | 7 created_before time | 8 text text | 9 origin_id uuid
    public static void WriteFilter(FrameWriter w, JobFilter f)
    {
        w.Count(f.Statuses.Count);
        foreach (var status in f.Statuses)
            w.U8((byte)status);
        w.Var((uint)((f.ServerId is null ? 0 : 1) | (f.Queue is null ? 0 : 2) | (f.Kind is null ? 0 : 4) | (f.JobType is null ? 0 : 8)
            | (f.Tag is null ? 0 : 16) | (f.Priority is null ? 0 : 32) | (f.CreatedAfter is null ? 0 : 64) | (f.CreatedBefore is null ? 0 : 128)
            | (f.Text is null ? 0 : 256) | (f.OriginId is null ? 0 : 512)));
        if (f.ServerId is { } server)
            w.Text(server);
        if (f.Queue is { } queue)
            w.Text(queue);
        if (f.Kind is { } kind)
            w.U8((byte)kind);
        if (f.JobType is { } type)
            w.Text(type);
        if (f.Tag is { } tag)
            w.Text(tag);
        if (f.Priority is { } priority)
            w.Int(priority);
        if (f.CreatedAfter is { } after)
            w.Time(after);
        if (f.CreatedBefore is { } before)
            w.Time(before);
        if (f.Text is { } text)
            w.Text(text);
        if (f.OriginId is { } origin)
            w.Uuid(origin);
    }

    public static JobFilter ReadFilter(ref BodyReader r)
    {
        var statuses = new JobStatus[r.Count(1)];
        for (int i = 0; i < statuses.Length; i++)
            statuses[i] = JobCodec.ReadStatus(ref r);
        uint has = r.Var();
        if (has > 1023)
            throw BodyReader.Malformed("A filter has fields that are not known here.");
        return new()
        {
            Statuses = statuses,
            ServerId = (has & 1) != 0 ? r.Text() : null,
            Queue = (has & 2) != 0 ? r.Word() : null,
            Kind = (has & 4) != 0 ? (JobKind)r.UpTo((byte)JobKind.Task) : null,
            JobType = (has & 8) != 0 ? r.Word() : null,
            Tag = (has & 16) != 0 ? r.Text() : null,
            Priority = (has & 32) != 0 ? r.Int() : null,
            CreatedAfter = (has & 64) != 0 ? r.Time() : null,
            CreatedBefore = (has & 128) != 0 ? r.Time() : null,
            Text = (has & 256) != 0 ? r.Text() : null,
            OriginId = (has & 512) != 0 ? r.Uuid() : null,
        };
    }

    // filter | sort u8 (0 created down, 1 created up, 2 finished down, 3 priority) | limit int | cursor optional text
    public static void WriteQuery(FrameWriter w, JobQuery query)
    {
        WriteFilter(w, query.Filter);
        w.U8((byte)query.Sort);
        w.Int(query.Limit);
        w.OptionalText(query.Cursor);
    }

    public static JobQuery ReadQuery(ref BodyReader r) =>
        new(ReadFilter(ref r), (JobSort)r.UpTo((byte)JobSort.Priority), r.Int(), r.OptionalText());

    // next optional text | jobs: count var, job each
    public static void WritePage(FrameWriter w, JobPage page)
    {
        w.OptionalText(page.Next);
        w.Count(page.Items.Count);
        foreach (var job in page.Items)
            JobCodec.Write(w, job);
    }

    public static JobPage ReadPage(ref BodyReader r)
    {
        string? next = r.OptionalText();
        var jobs = new Job[r.Count(40)];
        for (int i = 0; i < jobs.Length; i++)
            jobs[i] = JobCodec.Read(ref r);
        return new(jobs, next);
    }

    // scheduled i64 | queued i64 | running i64 | retrying i64 | completed i64 | failed i64 | canceled i64
    public static void WriteCounts(FrameWriter w, JobCounts counts)
    {
        w.I64(counts.Scheduled);
        w.I64(counts.Queued);
        w.I64(counts.Running);
        w.I64(counts.Retrying);
        w.I64(counts.Completed);
        w.I64(counts.Failed);
        w.I64(counts.Canceled);
    }

    public static JobCounts ReadCounts(ref BodyReader r) => new(r.I64(), r.I64(), r.I64(), r.I64(), r.I64(), r.I64(), r.I64());

    // from time | to time | interval duration
    public static void WriteThroughputQuery(FrameWriter w, DateTimeOffset from, DateTimeOffset to, TimeSpan interval)
    {
        w.Time(from);
        w.Time(to);
        w.Duration(interval);
    }

    // points: count var, each: at time | completed i64 | failed i64 | canceled i64 | known bool | if known: mean_duration duration
    public static void WriteThroughput(FrameWriter w, IReadOnlyList<ThroughputPoint> points)
    {
        w.Count(points.Count);
        foreach (var point in points)
        {
            w.Time(point.At);
            w.I64(point.Completed);
            w.I64(point.Failed);
            w.I64(point.Canceled);
            w.Bool(point.MeanDuration is not null);
            if (point.MeanDuration is { } mean)
                w.Duration(mean);
        }
    }

    public static IReadOnlyList<ThroughputPoint> ReadThroughput(ref BodyReader r)
    {
        var points = new ThroughputPoint[r.Count(33)];
        for (int i = 0; i < points.Length; i++)
            points[i] = new(r.Time(), r.I64(), r.I64(), r.I64(), r.Bool() ? r.Duration() : null);
        return points;
    }
}
