using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;
using Drover.Storage;
using Drover.Workers;

namespace Drover.NetQueue.Server;

/// <summary>A worker's requests.</summary>
internal sealed partial class ServerConnection
{
    private WorkerSeat Seat => _seat ?? throw new ProtocolException(ErrorCode.NotAttached, "No worker is attached to this connection.");

    /// <summary>Passes a signal on.</summary>
    public void Signal(Brokers.WorkerSignal signal) => Push(FrameType.Signal, 0, signal, static (w, x) => WorkerMessages.WriteSignal(w, x));

    private async Task AttachAsync(FrameHeader header, (WorkerDescription Worker, bool Returns, LeaseToken[] InHand) attach)
    {
        var worker = attach.Worker;
        Began();
        try
        {
            if (_seat is not null)
                throw new ProtocolException(ErrorCode.BadRequest, "A worker is attached to this connection already.");
            if (worker.Capabilities.Shell && !_secure)
                throw new ProtocolException(ErrorCode.Insecure, "A worker for commands and scripts gets credentials with its leases: it must connect over TLS or loopback.");
            (_seat, bool resumed) = await _server.Seats.TakeAsync(worker, this).ConfigureAwait(false);
            if (attach.Returns && !resumed)
                await NeverArrived.GiveBackAsync(Broker, _seat, attach.InHand).ConfigureAwait(false);
            Log.Attached(_server.Logger, worker.Id, Origin, resumed);
            Push(FrameType.Attach | FrameType.Reply, header.Id, (resumed, LastSeq), static (w, x) =>
            {
                // last_event_seq i64 | resumed bool
                w.I64(x.LastSeq);
                w.Bool(x.resumed);
            });
            // The connection may have ended while the seat was being taken.
            if (_ended.IsCancellationRequested)
                _server.Seats.Leave(_seat, this);
            else
                _seat.DeliverSignals();
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

    /// <summary>Not counted among the requests under way: it waits as long as it takes, and the seat answers for it.</summary>
    private void Lease(FrameHeader header, int max)
    {
        if (max is < 1 or > Jobs.JobRules.MaxBatch)
            throw new ProtocolException(ErrorCode.BadRequest, $"A lease request is for 1 to {Jobs.JobRules.MaxBatch} jobs, not {max}.");
        _ = LeaseAsync(header, Seat, max);
    }

    private async Task LeaseAsync(FrameHeader header, WorkerSeat seat, int max)
    {
        try
        {
            var leases = await seat.LeaseAsync(header.Id, max, this).ConfigureAwait(false);
            if (leases is not null)
                Push(FrameType.Lease | FrameType.Reply, header.Id, (leases, LastSeq, _secure), static (w, x) => LeaseMessages.Write(w, x.leases, x.LastSeq, x._secure));
        }
        catch (Exception e)
        {
            Refuse(header, e);
        }
    }

    private async Task FinishAsync(FrameHeader header, WorkerSeat seat, FinishRequest[] finishes)
    {
        Began();
        try
        {
            var changes = await seat.Session.FinishAsync(finishes).ConfigureAwait(false);
            if (header.Flags.HasFlag(FrameFlags.Again))
                changes = await FinishedBefore.LookAsync(Broker, seat.WorkerId, finishes, changes).ConfigureAwait(false);
            Push(FrameType.Finish | FrameType.Reply, header.Id, (changes, LastSeq), static (w, x) => ChangeMessages.WriteReply(w, x.changes, x.LastSeq));
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

    private async ValueTask<bool> LeaveAsync()
    {
        if (Interlocked.Exchange(ref _seat, null) is { } seat)
            await _server.Seats.RemoveAsync(seat).ConfigureAwait(false);
        return true;
    }
}
