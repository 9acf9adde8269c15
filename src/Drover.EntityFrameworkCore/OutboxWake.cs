using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;

namespace Drover.EntityFrameworkCore;

/// <summary>Wakes this process's relays when one of its contexts saved jobs.</summary>
internal sealed class OutboxWake
{
    private readonly List<Channel<bool>> _relays = [];

    public ChannelReader<bool> Join()
    {
        var signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        lock (_relays)
            _relays.Add(signal);
        return signal.Reader;
    }

    public void Saved(object? db, SavedChangesEventArgs e)
    {
        lock (_relays)
            _relays.ForEach(relay => relay.Writer.TryWrite(true));
    }
}
