using System.Globalization;
using Drover.Storage;
using Drover.StoreTests.Support;
using Drover.Testing;

namespace Drover.StoreTests.Model;

/// <summary>
/// Random operations on a store and on the reference implementation, with equal answers and equal states after each,
/// and with the laws that hold in any state. DROVER_MODEL_STEPS makes it longer, DROVER_TEST_SEED plays a run again.
/// </summary>
public abstract class ModelConformance
{
    private static readonly int Steps = int.TryParse(Environment.GetEnvironmentVariable("DROVER_MODEL_STEPS"), out int steps) ? steps : 400;

    protected abstract StoreHome NewHome();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_store_answers_like_the_reference(int run)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("DROVER_TEST_SEED"), out int given) ? given : Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"DROVER_TEST_SEED={seed} (run {run})"));
        var random = new Random(seed);
        var options = new QueueOptions
        {
            StarvationPeriod = random.Next(3) == 0 ? null : TimeSpan.FromSeconds(random.Next(5, 60)),
            StrictQueues = new HashSet<string> { "strict" },
            MaxSize = random.Next(3) == 0 ? 40 : null,
        };

        var clock = new TestClock();
        await using var home = NewHome();
        await using var reference = new InMemoryJobStore(clock, options);
        var store = await home.OpenAsync(options, clock);
        var game = new ModelGame(random, clock, reference);
        try
        {
            for (int step = 0; step < Steps; step++)
            {
                if (random.Next(100) == 0)
                {
                    await store.CloseAsync();
                    store = await home.OpenAsync(options, clock);
                    await game.ReconnectAsync(store.Jobs);
                }

                await game.StepAsync(store.Jobs);
                await game.CheckAsync(store.Jobs, everything: step % 20 == 0 || step == Steps - 1);
            }
        }
        catch (Exception e)
        {
            Assert.Fail($"seed {seed}, after: {string.Join(" | ", game.Journal.TakeLast(12))}\n{e}");
        }
        finally
        {
            await store.CloseAsync();
        }
    }
}
