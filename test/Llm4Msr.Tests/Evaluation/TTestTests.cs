using Llm4Msr.Evaluation;

namespace Llm4Msr.Tests.Evaluation;

public class TTestTests
{
    // Student's sleep data (1908); R's documentation of t.test prints what follows from them.
    private static readonly double[] s_first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    private static readonly double[] s_second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

    [Fact]
    public void PairsOfTheSleepData()
    {
        var test = TTest.OfPairs(s_first, s_second)!;

        Assert.Equal((4.0621, 9, 0.002833), (Math.Round(test.T, 4), test.DegreesOfFreedom, Math.Round(test.P, 6)));
        Assert.True(test.Paired);
        Assert.Equal(-test.T, TTest.OfPairs(s_second, s_first)!.T, 1e-12);
        Assert.Equal(test.P, TTest.OfPairs(s_second, s_first)!.P, 1e-12);
    }

    [Fact]
    public void WelchsTestOfTheSleepData()
    {
        var test = TTest.OfIndependent(s_first, s_second)!;

        Assert.Equal((1.8608, 17.776, 0.07939), (Math.Round(test.T, 4), Math.Round(test.DegreesOfFreedom, 3), Math.Round(test.P, 5)));
        Assert.False(test.Paired);
    }

    [Fact] // by hand: differences 1, 2, 3 have mean 2 and standard error 1/sqrt(3); with two degrees of freedom P = 1 - t / sqrt(2 + t^2)
    public void ThreeSeedsOnPaper()
    {
        var test = TTest.OfPairs([0, 0, 0], [1, 2, 3])!;

        Assert.Equal(2 * Math.Sqrt(3), test.T, 1e-12);
        Assert.Equal(1 - Math.Sqrt(12.0 / 14), test.P, 1e-9);
    }

    [Fact]
    public void WhatDoesNotVaryHasNoTest()
    {
        Assert.Null(TTest.OfPairs([0.5], [0.6]));
        Assert.Null(TTest.OfPairs([0.5, 0.25], [0.75, 0.5]));
        Assert.Null(TTest.OfIndependent([0.5], [0.6, 0.7]));
        Assert.Null(TTest.OfIndependent([0.5, 0.5], [0.6, 0.6]));
        Assert.NotNull(TTest.OfIndependent([0.5, 0.5], [0.6, 0.7]));
    }
}
