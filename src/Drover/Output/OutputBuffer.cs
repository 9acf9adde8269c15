using Drover.Storage;
using Drover.Threading;

namespace Drover.Output;

/// <summary>Sends entries and a trim to the broker; false when the lease is lost.</summary>
internal delegate ValueTask<bool> AppendOutput(LeaseToken lease, IReadOnlyList<OutputEntry> entries, OutputTrim? trim);

/// <summary>
/// One attempt's output on its way to the broker. The first bytes go at once, what follows at intervals. What the broker
/// does not take is kept within bounds and sent again until it does or the lease is lost.
/// </summary>
internal sealed class OutputBuffer : IOutputSink, IDisposable
{
    private const int BatchBytes = 1024 * 1024;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly LeaseToken _lease;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly AppendOutput _append;
    private readonly Action _lost;
    private readonly OutputAssembler _assembler;
    private readonly OutputWindow _window;
    private readonly AsyncSignal _wake;
    private Task _sending = Task.CompletedTask;
    private bool _isSending;
    private bool _completed;
    private bool _abandoned;

    /// <param name="lease">The attempt.</param>
    /// <param name="interval">The time between two sends.</param>
    /// <param name="maxBytes">How much is kept.</param>
    /// <param name="time">The clock.</param>
    /// <param name="append">Sends to the broker.</param>
    /// <param name="lost">Called when the broker says that the lease is lost.</param>
    public OutputBuffer(Lease lease, TimeSpan interval, long maxBytes, TimeProvider time, AppendOutput append, Action lost)
    {
        (_lease, _interval, _time, _append, _lost) = (lease.Token, interval, time, append, lost);
        _window = new(lease.FirstOutputSeq, maxBytes);
        // Small bounds, as in tests, need small entries to be kept with any precision.
        _assembler = new((int)Math.Clamp(maxBytes / 16, 16, OutputEntry.MaxBytes), time, _window.Add);
        _wake = new(time);
    }

    /// <inheritdoc/>
    public void Write(OutputStream stream, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_completed || _abandoned)
                return;
            _assembler.Write(stream, bytes);
            if (_isSending)
                return;
            _isSending = true;
            _sending = Task.Run(SendAllAsync);
        }
    }

    /// <summary>Sends all that is left; what is written from now on is ignored. Returns when the broker has it, or the lease is lost.</summary>
    public async Task CompleteAsync()
    {
        Task sending;
        lock (_gate)
        {
            _completed = true;
            _assembler.Complete();
            if (!_isSending && !_window.IsEmpty)
            {
                _isSending = true;
                _sending = Task.Run(SendAllAsync);
            }

            sending = _sending;
        }

        _wake.Set();
        await sending;
    }

    /// <summary>Drops what is left: there is nobody to send it to.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _abandoned = true;
            _window.Clear();
        }

        _wake.Set();
    }

    /// <summary>Ends the timer; after <see cref="CompleteAsync"/>.</summary>
    public void Dispose() => _wake.Dispose();

    private async Task SendAllAsync()
    {
        var batch = new List<OutputChunk>();
        while (true)
        {
            long began = _time.GetTimestamp();
            if (!TryTake(batch, out var trim))
                return;
            if (await SendAsync(batch, trim))
                batch.ForEach(static chunk => chunk.Free());
            else
                // A call that failed may still be reading the arrays: they are not used again.
                Abandon();
            batch.Clear();
            while (!GoesOnAtOnce() && _interval - _time.GetElapsedTime(began) is var wait && wait > TimeSpan.Zero)
                await _wake.WaitAsync(wait);
        }
    }

    private bool TryTake(List<OutputChunk> batch, out OutputTrim? trim)
    {
        lock (_gate)
        {
            if (!_abandoned)
                _assembler.Close();
            trim = _abandoned ? null : _window.Take(batch, BatchBytes, _time.GetUtcNow());
            return _isSending = batch.Count > 0 || trim is not null;
        }
    }

    /// <summary>The head is sent as fast as the broker takes it; the tail at intervals, since more of it may be dropped meanwhile.</summary>
    private bool GoesOnAtOnce()
    {
        lock (_gate)
            return _completed || _abandoned || _window.SendsHead;
    }

    private async ValueTask<bool> SendAsync(List<OutputChunk> batch, OutputTrim? trim)
    {
        var entries = new OutputEntry[batch.Count];
        for (int i = 0; i < entries.Length; i++)
            entries[i] = batch[i].ToEntry(_lease.Attempt);
        var pause = FirstPause;
        while (!Volatile.Read(ref _abandoned))
        {
            try
            {
                if (await _append(_lease, entries, trim))
                    return true;
                _lost();
                return false;
            }
            catch (Exception)
            {
                // Whatever it was, the entries may or may not have arrived; sent again they do no harm. The worker
                // notices by its renewals when the broker is away for too long, and abandons the buffer.
                await _wake.WaitAsync(pause);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }

        return false;
    }
}
