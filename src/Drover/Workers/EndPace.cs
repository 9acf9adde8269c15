namespace Drover.Workers;

/// <summary>How many attempts end in a second: in the last whole one, or by now in this one.</summary>
internal sealed class EndPace(TimeProvider time)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private long _began = time.GetTimestamp();
    private int _ended;
    private int _before;

    public void Ended() => _ended++;

    public int Read()
    {
        var passed = time.GetElapsedTime(_began);
        if (passed >= Period)
        {
            _before = passed < 2 * Period ? (int)(_ended / passed.TotalSeconds) : 0;
            (_began, _ended) = (time.GetTimestamp(), 0);
        }

        return Math.Max(_before, _ended);
    }
}
