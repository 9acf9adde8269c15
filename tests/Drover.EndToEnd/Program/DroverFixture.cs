namespace Drover.EndToEnd.Program;

/// <summary>One running Drover for a class whose tests do not disturb each other.</summary>
public sealed class DroverFixture : IAsyncLifetime
{
    private RunningDrover? _drover;

    internal RunningDrover Drover => _drover!;

    public async ValueTask InitializeAsync() => _drover = await RunningDrover.StartAsync("--output-flush-interval", "20ms", "--worker-concurrency", "8");

    public async ValueTask DisposeAsync()
    {
        if (_drover is not null)
            await _drover.DisposeAsync();
    }
}
