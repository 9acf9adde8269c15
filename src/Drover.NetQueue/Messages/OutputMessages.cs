using Drover.NetQueue.Protocol;
using Drover.Output;
using Drover.Storage;

namespace Drover.NetQueue.Messages;

/// <summary>Output: stored by workers, read by anybody.</summary>
internal static class OutputMessages
{
    // lease token | trimmed bool | if trimmed: from_seq i64, to_seq i64, dropped_bytes i64, at time | entries
    public static void WriteAppend(FrameWriter w, LeaseToken lease, IReadOnlyList<OutputEntry> entries, OutputTrim? trim)
    {
        JobCodec.WriteToken(w, lease);
        w.Bool(trim is not null);
        if (trim is not null)
        {
            w.I64(trim.FromSeq);
            w.I64(trim.ToSeq);
            w.I64(trim.DroppedBytes);
            w.Time(trim.At);
        }

        WriteEntries(w, entries);
    }

    public static (LeaseToken Lease, OutputEntry[] Entries, OutputTrim? Trim) ReadAppend(ref BodyReader r)
    {
        var lease = JobCodec.ReadToken(ref r);
        var trim = r.Bool() ? new OutputTrim(r.I64(), r.I64(), r.I64(), r.Time()) : null;
        return (lease, ReadEntries(ref r), trim);
    }

    // job_id uuid | after i64 | limit int | last bool | has u8 | then each whose bit is set: 0 stream u8 | 1 attempt int | 2 before i64
    public static void WriteQuery(FrameWriter w, OutputQuery query)
    {
        w.Uuid(query.JobId);
        w.I64(query.After);
        w.Int(query.Limit);
        w.Bool(query.Last);
        w.U8((byte)((query.Stream is null ? 0 : 1) | (query.Attempt is null ? 0 : 2) | (query.Before is null ? 0 : 4)));
        if (query.Stream is { } stream)
            w.U8((byte)stream);
        if (query.Attempt is { } attempt)
            w.Int(attempt);
        if (query.Before is { } before)
            w.I64(before);
    }

    public static OutputQuery ReadQuery(ref BodyReader r)
    {
        var query = new OutputQuery(r.Uuid(), r.I64(), Limit: r.Int(), Last: r.Bool());
        byte has = r.UpTo(7);
        return query with
        {
            Stream = (has & 1) != 0 ? (OutputStream)r.UpTo((byte)OutputStream.Gap) : null,
            Attempt = (has & 2) != 0 ? r.Int() : null,
            Before = (has & 4) != 0 ? r.I64() : null,
        };
    }

    // there bool | if there: next i64 | complete bool | entries
    public static void WritePage(FrameWriter w, OutputPage? page)
    {
        w.Bool(page is not null);
        if (page is null)
            return;
        w.I64(page.Next);
        w.Bool(page.Complete);
        WriteEntries(w, page.Entries);
    }

    public static OutputPage? ReadPage(ref BodyReader r)
    {
        if (!r.Bool())
            return null;
        long next = r.I64();
        bool complete = r.Bool();
        return new(ReadEntries(ref r), next, complete);
    }

    // entries: count var, each: seq i64 | at time | attempt int | stream u8 | bytes | a gap only: dropped_bytes i64
    private static void WriteEntries(FrameWriter w, IReadOnlyList<OutputEntry> entries)
    {
        w.Count(entries.Count);
        for (int i = 0; i < entries.Count; i++)
        {
            var entry = entries[i];
            w.I64(entry.Seq);
            w.Time(entry.At);
            w.Int(entry.Attempt);
            w.U8((byte)entry.Stream);
            w.Bytes(entry.Bytes.Span);
            if (entry.Stream == OutputStream.Gap)
                w.I64(entry.DroppedBytes);
        }
    }

    private static OutputEntry[] ReadEntries(ref BodyReader r)
    {
        var entries = new OutputEntry[Batch.ReadCount(ref r, 19)];
        for (int i = 0; i < entries.Length; i++)
        {
            long seq = r.I64();
            var at = r.Time();
            int attempt = r.Int();
            var stream = (OutputStream)r.UpTo((byte)OutputStream.Gap);
            var bytes = r.Bytes();
            if (bytes.Length > OutputEntry.MaxBytes)
                throw new ProtocolException(ErrorCode.TooLarge, $"An output entry of {bytes.Length} bytes is longer than {OutputEntry.MaxBytes}.");
            entries[i] = new(seq, at, attempt, stream, bytes.IsEmpty ? default(ReadOnlyMemory<byte>) : bytes.ToArray(), stream == OutputStream.Gap ? r.I64() : 0);
        }

        return entries;
    }
}
