#include "tests/check.h"
