namespace Drover.Postgres.Engine;

/// <summary>Who wants to hear that documents of a kind were changed.</summary>
internal sealed class Watches
{
    private readonly Lock _gate = new();
    private readonly List<Watch> _all = [];

    public IDisposable Add(string kind, Action changed)
    {
        var watch = new Watch(this, kind, changed);
        lock (_gate)
            _all.Add(watch);
        return watch;
    }

    /// <param name="kind">Which documents; null when any may have been.</param>
    public void Changed(string? kind)
    {
        lock (_gate)
        {
            foreach (var watch in _all)
            {
                if (kind is null || watch.Kind == kind)
                    watch.Call();
            }
        }
    }

    private sealed class Watch(Watches all, string kind, Action changed) : IDisposable
    {
        public string Kind => kind;

        public void Call() => changed();

        public void Dispose()
        {
            lock (all._gate)
                all._all.Remove(this);
        }
    }
}
