namespace Drover.Shell;

/// <summary>What the wrapper has said so far on one channel.</summary>
internal sealed class WrapperLines
{
    private readonly TaskCompletionSource _ready = New();
    private readonly TaskCompletionSource<string> _started = New<string>();
    private readonly TaskCompletionSource<int> _exited = New<int>();
    private readonly TaskCompletionSource<string> _failed = New<string>();
    private readonly TaskCompletionSource<string> _verdict = New<string>();
    private readonly TaskCompletionSource<string> _leftBehind = New<string>();

    /// <summary>The terminal passes bytes through (<c>R</c>).</summary>
    public Task Ready => _ready.Task;

    /// <summary>The job runs; its process and group (<c>P</c>).</summary>
    public Task<string> Started => _started.Task;

    /// <summary>The job's own process has ended with this exit code (<c>X</c>).</summary>
    public Task<int> Exited => _exited.Task;

    /// <summary>The run could not be prepared, and why (<c>F</c>).</summary>
    public Task<string> Failed => _failed.Task;

    /// <summary>A ladder is through; the processes that live on, usually none (<c>C</c>).</summary>
    public Task<string> Verdict => _verdict.Task;

    /// <summary>What the job left behind when it ended (<c>L</c>), as pid:name, separated by spaces; usually nothing. The wrapper's last word.</summary>
    public Task<string> LeftBehind => _leftBehind.Task;

    /// <summary>The remote deadline has struck (<c>D</c>).</summary>
    public bool DeadlineStruck { get; private set; }

    /// <summary>Takes a line without its nonce.</summary>
    public void Take(string line)
    {
        string rest = line.Length > 1 ? line[1..].Trim() : "";
        switch (line.Length > 0 ? line[0] : ' ')
        {
            case 'R':
                _ready.TrySetResult();
                break;
            case 'P':
                _started.TrySetResult(rest);
                break;
            case 'X':
                _exited.TrySetResult(int.TryParse(rest, out int code) ? code : 255);
                break;
            case 'F':
                _failed.TrySetResult(rest);
                break;
            case 'C':
                _verdict.TrySetResult(rest);
                break;
            case 'L':
                _leftBehind.TrySetResult(rest);
                break;
            case 'D':
                DeadlineStruck = true;
                break;
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource<T> New<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
