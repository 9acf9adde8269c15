using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;

namespace Drover.Tests.NetQueue;

/// <summary>Reads any frame's body, and writes what was read again.</summary>
internal static class Reading
{
    /// <summary>What a body of this type says, written again; null for a type that is not known.</summary>
    /// <exception cref="ProtocolException">The body does not fit the type.</exception>
    public static byte[]? ReadAndWrite(FrameType type, ReadOnlySpan<byte> body)
    {
        using var w = new FrameWriter();
        var r = new BodyReader(body);
        if (!Copy(type, ref r, w))
            return null;
        return w.Written.ToArray();
    }

    private static bool Copy(FrameType type, ref BodyReader r, FrameWriter w)
    {
        switch (type)
        {
            case FrameType.Hello: Hello.Read(ref r).Write(w); return true;
            case FrameType.Hello | FrameType.Reply: Welcome.Read(ref r).Write(w); return true;
            case FrameType.Ping: w.Bool(r.Bool()); return true;
            case FrameType.Enqueue: EnqueueMessages.Write(w, EnqueueMessages.Read(ref r)); return true;
            case FrameType.Enqueue | FrameType.Reply: long enqueued = r.I64(); EnqueueMessages.WriteReply(w, EnqueueMessages.ReadReply(ref r), enqueued); return true;
            case FrameType.Cancel: ChangeMessages.WriteCancel(w, ChangeMessages.ReadIds(ref r), r.OptionalText()); return true;
            case FrameType.Cancel | FrameType.Reply: long canceled = r.I64(); ChangeMessages.WriteReply(w, ChangeMessages.ReadReply(ref r), canceled); return true;
            case FrameType.Retry or FrameType.Delete or FrameType.Get: ChangeMessages.WriteIds(w, ChangeMessages.ReadIds(ref r)); return true;
            case FrameType.Get | FrameType.Reply: ChangeMessages.WriteJobs(w, ChangeMessages.ReadJobs(ref r)); return true;
            case FrameType.Update: var (id, update) = ChangeMessages.ReadUpdate(ref r); ChangeMessages.WriteUpdate(w, id, update); return true;
            case FrameType.List: QueryMessages.WriteQuery(w, QueryMessages.ReadQuery(ref r)); return true;
            case FrameType.List | FrameType.Reply: QueryMessages.WritePage(w, QueryMessages.ReadPage(ref r)); return true;
            case FrameType.Count: QueryMessages.WriteFilter(w, QueryMessages.ReadFilter(ref r)); return true;
            case FrameType.Count | FrameType.Reply: QueryMessages.WriteCounts(w, QueryMessages.ReadCounts(ref r)); return true;
            case FrameType.ReadOutput: OutputMessages.WriteQuery(w, OutputMessages.ReadQuery(ref r)); return true;
            case FrameType.ReadOutput | FrameType.Reply: OutputMessages.WritePage(w, OutputMessages.ReadPage(ref r)); return true;
            case FrameType.Throughput: QueryMessages.WriteThroughputQuery(w, r.Time(), r.Time(), r.Duration()); return true;
            case FrameType.Throughput | FrameType.Reply: QueryMessages.WriteThroughput(w, QueryMessages.ReadThroughput(ref r)); return true;
            case FrameType.Queues | FrameType.Reply: QueueMessages.WriteStats(w, QueueMessages.ReadStats(ref r)); return true;
            case FrameType.SetPaused: QueueMessages.WritePause(w, r.Word(), r.Bool()); return true;
            case FrameType.SetLimits: QueueMessages.WriteLimits(w, QueueMessages.ReadLimits(ref r)); return true;
            case FrameType.Workers | FrameType.Reply: WorkerMessages.WriteWorkers(w, WorkerMessages.ReadWorkers(ref r)); return true;
            case FrameType.DrainWorker: w.Text(r.Word()); return true;
            default: return CopyWorkers(type, ref r, w);
        }
    }

    private static bool CopyWorkers(FrameType type, ref BodyReader r, FrameWriter w)
    {
        switch (type)
        {
            case FrameType.Attach: var (worker, returns, inHand) = WorkerMessages.ReadAttach(ref r); WorkerMessages.WriteAttach(w, worker, returns, inHand); return true;
            case FrameType.Lease: w.Int(r.Int()); return true;
            case FrameType.Lease | FrameType.Reply: long leased = r.I64(); LeaseMessages.Write(w, LeaseMessages.Read(ref r), leased, secure: true); return true;
            case FrameType.Withdraw or FrameType.Unsubscribe: w.U32(r.U32()); return true;
            case FrameType.Renew: WorkerMessages.WriteTokens(w, WorkerMessages.ReadTokens(ref r)); return true;
            case FrameType.Renew | FrameType.Reply: WorkerMessages.WriteRenewed(w, WorkerMessages.ReadRenewed(ref r)); return true;
            case FrameType.Output: var (lease, entries, trim) = OutputMessages.ReadAppend(ref r); OutputMessages.WriteAppend(w, lease, entries, trim); return true;
            case FrameType.Finish: WorkerMessages.WriteFinishes(w, WorkerMessages.ReadFinishes(ref r)); return true;
            case FrameType.ReportHostKey: LeaseMessages.WriteHostKeyReport(w, r.Text(), LeaseMessages.ReadHostKey(ref r)); return true;
            case FrameType.Subscribe: var (topics, after, job) = EventMessages.ReadSubscribe(ref r); EventMessages.WriteSubscribe(w, topics, after, job); return true;
            case FrameType.Events: while (r.Left > 0) EventMessages.Write(w, EventMessages.Read(ref r)); return true;
            case FrameType.Signal: WorkerMessages.WriteSignal(w, WorkerMessages.ReadSignal(ref r)); return true;
            case FrameType.Ping | FrameType.Reply: w.I64(r.I64()); return true;
            case FrameType.CatalogGet or FrameType.CatalogFind: CatalogMessages.WriteKey(w, r.Word(), r.Text()); return true;
            case FrameType.CatalogGet | FrameType.Reply: CatalogMessages.WriteFound(w, CatalogMessages.ReadFound(ref r)); return true;
            case FrameType.CatalogList: w.Text(r.Word()); return true;
            case FrameType.CatalogList | FrameType.Reply: CatalogMessages.WriteDocuments(w, CatalogMessages.ReadDocuments(ref r)); return true;
            case FrameType.CatalogCreate or FrameType.CatalogUpdate or FrameType.CatalogCreate | FrameType.Reply: CatalogMessages.WriteDocument(w, CatalogMessages.ReadDocument(ref r)); return true;
            case FrameType.CatalogDelete: CatalogMessages.WriteDelete(w, r.Word(), r.Text(), r.I64()); return true;
            case FrameType.CatalogDelete | FrameType.Reply: w.Bool(r.Bool()); return true;
            case FrameType.AuditAppend or FrameType.AuditList | FrameType.Reply: CatalogMessages.WriteAudit(w, CatalogMessages.ReadAudit(ref r)); return true;
            case FrameType.AuditList: var (before, limit) = CatalogMessages.ReadAuditQuery(ref r); CatalogMessages.WriteAuditQuery(w, before, limit); return true;
            case FrameType.Publish: var (kind, subject) = CatalogMessages.ReadPublish(ref r); CatalogMessages.WritePublish(w, kind, subject); return true;
            case FrameType.Error: return CopyError(ref r, w);
            default: return type is FrameType.Goodbye or FrameType.Queues or FrameType.Workers or FrameType.GoingAway;
        }
    }

    private static bool CopyError(ref BodyReader r, FrameWriter w)
    {
        var e = ErrorMessages.Read(ref r);
        var (code, message) = e is Drover.NetQueue.NetQueueException n ? (n.Code, n.Message) : ErrorMessages.Describe(e);
        ErrorMessages.Write(w, code, message, e);
        return true;
    }
}
