using Drover.Brokers;
using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;
using Drover.Storage;

namespace Drover.NetQueue.Server;

/// <summary>The table of requests: each is read, carried out by the broker or the worker's session, and answered.</summary>
internal sealed partial class ServerConnection
{
    private const NetQueueRoles Anyone = NetQueueRoles.Producer | NetQueueRoles.Worker | NetQueueRoles.Admin;
    private const NetQueueRoles Producers = NetQueueRoles.Producer | NetQueueRoles.Admin;
    private const NetQueueRoles Workers = NetQueueRoles.Worker | NetQueueRoles.Admin;

    private IBroker Broker => _server.Broker;

    private void Dispatch(FrameHeader header, ReadOnlySpan<byte> body)
    {
        Allow(header.Type);
        var r = new BodyReader(body);
        switch (header.Type)
        {
            case FrameType.Enqueue:
                _ = EnqueueAsync(header, EnqueueMessages.Read(ref r));
                break;
            case FrameType.Finish:
                _ = FinishAsync(header, Seat, Whole(ref r, WorkerMessages.ReadFinishes(ref r)));
                break;
            case FrameType.Lease:
                Lease(header, Whole(ref r, r.Int()));
                break;
            case FrameType.Withdraw:
                Seat.Withdraw(Whole(ref r, r.U32()));
                break;
            case FrameType.Renew:
                Serve(header, Whole(ref r, WorkerMessages.ReadTokens(ref r)), static (c, leases) => c.Seat.Session.RenewAsync(leases), static (w, _, x) => WorkerMessages.WriteRenewed(w, x));
                break;
            case FrameType.Output:
                Serve(header, Whole(ref r, OutputMessages.ReadAppend(ref r)), static (c, o) => c.Seat.Session.AppendOutputAsync(o.Lease, o.Entries, o.Trim), static (w, c, x) =>
                {
                    // last_event_seq i64 | held bool
                    w.I64(c.LastSeq);
                    w.Bool(x);
                });
                break;
            case FrameType.ReportHostKey:
                Serve(header, Whole(ref r, (Server: r.Text(), Key: LeaseMessages.ReadHostKey(ref r))), static (c, k) => c.Seat.Session.ReportHostKeyAsync(k.Server, k.Key), static (w, _, x) => LeaseMessages.WriteHostKey(w, x));
                break;
            case FrameType.Attach:
                _ = AttachAsync(header, Whole(ref r, WorkerMessages.ReadAttach(ref r)));
                break;
            case FrameType.Ping:
                Ping(header, Whole(ref r, r.Bool()));
                break;
            case FrameType.Goodbye:
                Serve(header, Whole(ref r, 0), static async (c, _) => await c.LeaveAsync().ConfigureAwait(false), static (_, _, _) => { });
                break;
            case FrameType.Subscribe:
                Subscribe(header, Whole(ref r, EventMessages.ReadSubscribe(ref r)));
                break;
            case FrameType.Unsubscribe:
                Unsubscribe(Whole(ref r, r.U32()));
                break;
            default:
                DispatchRest(header, ref r);
                break;
        }
    }

    /// <summary>What was read, when nothing is left over after it.</summary>
    private static T Whole<T>(ref BodyReader r, T read)
    {
        r.End();
        return read;
    }

    /// <summary>The requests that are not on a hot path.</summary>
    private void DispatchRest(FrameHeader header, ref BodyReader r)
    {
        switch (header.Type)
        {
            case FrameType.Cancel:
                Serve(header, Whole(ref r, (Ids: ChangeMessages.ReadIds(ref r), By: r.OptionalText())), static (c, x) => c.Broker.CancelAsync(x.Ids, x.By), WriteChanges);
                break;
            case FrameType.Retry:
                Serve(header, Whole(ref r, ChangeMessages.ReadIds(ref r)), static (c, ids) => c.Broker.RetryAsync(ids), WriteChanges);
                break;
            case FrameType.Update:
                Serve(header, Whole(ref r, ChangeMessages.ReadUpdate(ref r)), static (c, u) => c.Broker.UpdateAsync(u.Id, u.Update), static (w, c, x) => ChangeMessages.WriteReply(w, [x], c.LastSeq));
                break;
            case FrameType.Delete:
                Serve(header, Whole(ref r, ChangeMessages.ReadIds(ref r)), static (c, ids) => c.Broker.DeleteAsync(ids), WriteChanges);
                break;
            case FrameType.Get:
                Serve(header, Whole(ref r, ChangeMessages.ReadIds(ref r)), static (c, ids) => c.Broker.GetAsync(ids, c._ended.Token), static (w, _, x) => ChangeMessages.WriteJobs(w, x));
                break;
            case FrameType.List:
                Serve(header, Whole(ref r, QueryMessages.ReadQuery(ref r)), static (c, q) => c.Broker.ListAsync(q, c._ended.Token), static (w, _, x) => QueryMessages.WritePage(w, x));
                break;
            case FrameType.Count:
                Serve(header, Whole(ref r, QueryMessages.ReadFilter(ref r)), static (c, f) => c.Broker.CountAsync(f, c._ended.Token), static (w, _, x) => QueryMessages.WriteCounts(w, x));
                break;
            case FrameType.ReadOutput:
                Serve(header, Whole(ref r, OutputMessages.ReadQuery(ref r)), static (c, q) => c.Broker.ReadOutputAsync(q, c._ended.Token), static (w, _, x) => OutputMessages.WritePage(w, x));
                break;
            case FrameType.Throughput:
                Serve(header, Whole(ref r, (From: r.Time(), To: r.Time(), Interval: r.Duration())), static (c, t) => c.Broker.ThroughputAsync(t.From, t.To, t.Interval, c._ended.Token), static (w, _, x) => QueryMessages.WriteThroughput(w, x));
                break;
            case FrameType.Queues:
                Serve(header, Whole(ref r, 0), static (c, _) => c.Broker.ListQueuesAsync(c._ended.Token), static (w, _, x) => QueueMessages.WriteStats(w, x));
                break;
            case FrameType.SetPaused:
                Serve(header, Whole(ref r, (Queue: r.Word(), Paused: r.Bool())), static (c, x) => Done(c.Broker.SetPausedAsync(x.Queue, x.Paused)), static (w, c, _) => w.I64(c.LastSeq));
                break;
            case FrameType.SetLimits:
                Serve(header, Whole(ref r, QueueMessages.ReadLimits(ref r)), static (c, x) => Done(c.Broker.SetLimitsAsync(x)), static (w, c, _) => w.I64(c.LastSeq));
                break;
            case FrameType.Workers:
                Serve(header, Whole(ref r, 0), static (c, _) => c.Broker.ListWorkersAsync(c._ended.Token), static (w, _, x) => WorkerMessages.WriteWorkers(w, x));
                break;
            case FrameType.DrainWorker:
                Serve(header, Whole(ref r, r.Word()), static (c, id) => c.Broker.DrainWorkerAsync(id), static (w, _, x) => w.Bool(x));
                break;
            default:
                DispatchCatalog(header, ref r);
                break;
        }
    }

    private void Allow(FrameType type)
    {
        var needed = type switch
        {
            FrameType.Attach or FrameType.Lease or FrameType.Withdraw or FrameType.Renew or FrameType.Output or FrameType.Finish or FrameType.ReportHostKey => Workers,
            FrameType.Enqueue or FrameType.Cancel or FrameType.Retry or FrameType.Get or FrameType.List or FrameType.Count or FrameType.ReadOutput
                or FrameType.Throughput or FrameType.Queues or FrameType.Subscribe or FrameType.Unsubscribe => Producers,
            FrameType.Update or FrameType.Delete or FrameType.SetPaused or FrameType.SetLimits or FrameType.Workers or FrameType.DrainWorker
                or >= FrameType.CatalogGet and <= FrameType.Publish => NetQueueRoles.Admin,
            _ => Anyone,
        };
        if ((_token!.Roles & needed) == 0)
            throw new ProtocolException(ErrorCode.Forbidden, $"The token '{_token.Name}' does not allow {type}: it needs one of the roles {needed}.");
    }

    private long LastSeq => Broker.Events.LastSeq;

    private static void WriteChanges(FrameWriter w, ServerConnection c, IReadOnlyList<JobChange> changes) =>
        ChangeMessages.WriteReply(w, changes, c.LastSeq);

    private static async ValueTask<bool> Done(ValueTask call)
    {
        await call.ConfigureAwait(false);
        return true;
    }

    private void Ping(FrameHeader header, bool store)
    {
        if (store)
            Serve(header, 0, static (c, _) => Done(c.Broker.PingAsync(c._ended.Token)), static (w, c, _) => w.I64(c.LastSeq));
        else
            Push(header.Type | FrameType.Reply, header.Id, LastSeq, static (w, seq) => w.I64(seq));
    }

    private async Task EnqueueAsync(FrameHeader header, EnqueueRequest request)
    {
        Began();
        try
        {
            var result = await EnqueueOnce.RunAsync(Broker, request, header.Flags.HasFlag(FrameFlags.Again)).ConfigureAwait(false);
            Push(FrameType.Enqueue | FrameType.Reply, header.Id, (result, LastSeq), static (w, x) => EnqueueMessages.WriteReply(w, x.result, x.LastSeq));
        }
        catch (Exception e)
        {
            Refuse(header, e);
        }
        finally
        {
            _room.Release();
        }
    }
}
