using Drover.Brokers;
using Drover.Catalog;
using Drover.Hosting;
using Drover.NetQueue;
using Drover.Schedules;
using Drover.Sqlite;
using Drover.Testing;
using Drover.Workers;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts the test kit in the place of what a program keeps its jobs in.</summary>
public static class TestKitServices
{
    /// <summary>
    /// Called after <c>AddDrover</c> (with WebApplicationFactory in <c>ConfigureTestServices</c>): jobs are kept in memory, the clock
    /// moves only when the test moves it, and jobs run only when the test says so. Take the <see cref="DroverTestKit"/> from the services.
    /// Nothing of the program's own store, queue server or worker is opened.
    /// </summary>
    /// <param name="services">The program's services.</param>
    /// <param name="now">What the clock shows at first; null for 2030-01-01 00:00 UTC.</param>
    /// <exception cref="InvalidOperationException"><c>AddDrover</c> was not called.</exception>
    public static IServiceCollection AddDroverTestKit(this IServiceCollection services, DateTimeOffset? now = null)
    {
        if (!services.Any(service => service.ServiceType == typeof(KnownKinds)))
            throw new InvalidOperationException("Call AddDroverTestKit after AddDrover: it takes its place.");
        foreach (var hosted in services.Where(IsOurs).ToList())
            services.Remove(hosted);
        services.RemoveAll<SqliteDatabase>().RemoveAll<NetQueueBroker>().RemoveAll<Broker>().RemoveAll<IBroker>()
            .RemoveAll<ICatalog>().RemoveAll<IAuditLog>().RemoveAll<TimeProvider>();

        var clock = new FakeTimeProvider(now ?? new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var store = new InMemoryJobStore(clock);
        var catalog = new InMemoryCatalog(clock);
        services.AddSingleton(clock).AddSingleton<TimeProvider>(clock).AddSingleton<ICatalog>(catalog).AddSingleton<IAuditLog>(catalog);
        services.AddSingleton(provider => new Broker(store, null, Forgetless, clock, provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton<IBroker>(provider => provider.GetRequiredService<Broker>());
        services.AddHostedService(provider => provider.GetRequiredService<Broker>());
        services.AddSingleton<DroverTestKit>();
        return services;
    }

    // A test that moves the clock by a year still wants to see what was enqueued before.
    private static readonly BrokerOptions Forgetless = new() { Retention = new(TimeSpan.FromDays(36_500), TimeSpan.FromDays(36_500)) };

    private static bool IsOurs(ServiceDescriptor service) =>
        service is { ServiceType: var type, ImplementationFactory: { } make } && type == typeof(IHostedService)
        && make.GetType().GenericTypeArguments is [_, var made] && (made == typeof(Broker) || made == typeof(Worker) || made == typeof(Scheduler));
}
